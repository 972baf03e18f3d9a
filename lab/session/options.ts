import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Impairment } from './impairment';

/** A shell on the box, as the lab starts it. */
export interface ShellProcess {
  readonly child: ChildProcess;
  /** Tells a pseudo terminal its size; absent when there is none. */
  resize?(cols: number, rows: number): void;
}

/** One session as `ssm:StartSession` grants it. */
export interface LabSessionOptions {
  readonly sessionId: string;
  /** Of the box; part of the encryption context and of the closing message. */
  readonly target?: string;
  /** What the client has to show; good for one connection. */
  readonly token: string;
  /** `Standard_Stream`, `InteractiveCommands`, `NonInteractiveCommands` or `Port`. */
  readonly sessionType: string;
  /** The document's properties with the parameters filled in. For `Port`: `portNumber`, `host`, `type`. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Starts the shell or the command; needed unless the type is `Port`. */
  spawnShell?(): ShellProcess;
  /** How the box reaches an address. Default: this machine does. */
  dial?(host: string, port: number): Socket;
  /** Default: that of Amazon Linux 2023 in spring 2026. */
  readonly agentVersion?: string;
  /** Asks the client for encryption. */
  readonly encryption?: {
    readonly kmsKeyId: string;
    /** KMS `Decrypt` of the data key that the client has made. */
    decrypt(ciphertext: Buffer): Promise<Buffer>;
  };
  /** The document's `idleSessionTimeout`, in minutes. Default 20, as in AWS. */
  readonly idleMinutes?: number;
  /** The document's `maxSessionDuration`, in minutes. Default: none. */
  readonly maxMinutes?: number;
  /** How long after the client's connection the agent's comes, in milliseconds: nothing is said before. Default 0. */
  readonly agentLateMs?: number;
  /** Refuses connections whose request is not signed for the service, as AWS has announced. Default: the token is enough. */
  readonly requiresSignature?: boolean;
  /** Spoils frames on their way, for tests. */
  readonly impairment?: Impairment;
  log?(line: string): void;
}

/** A session that a client can connect to. */
export interface LabSession {
  /** `ws://127.0.0.1:<port>/v1/data-channel/<session id>…` */
  readonly streamUrl: string;
  /** Resolves with the closing message, when the session is over; empty when it just ended. */
  readonly ended: Promise<string>;
  /** What `ssm:ResumeSession` returns; undefined when the session is over. */
  resume(): string | undefined;
  /** Ends the session as the service does on `ssm:TerminateSession`; resolves when nothing of it runs any more. */
  close(message?: string): Promise<void>;
  /** Cuts the client's connection, as a lost network does. The session stays. */
  cut(): void;
  /** The box goes away without a word: the service tells the client that nobody publishes, and nothing comes any more. */
  vanish(): void;
}
