import { createHash } from 'node:crypto';
import type { StoredObject } from '../../contract/manifest';
import { exitOfWords } from '../database/refusal';
import { type Program, ProgramFailed, start } from '../process/program';
import { drain, into } from '../process/pump';
import { Stop } from '../stop';
import type { FormatCheck } from './dump-format';
import { allOrFirstFailure } from './race';

/** Something to dump: a program that writes it, and how to tell that it wrote all. */
export interface Source {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly format: FormatCheck;
  /** What the program reads from standard input. */
  readonly input?: string;
  /** Is told every line of standard error; what it answers `true` to is no part of the program's last words. */
  readonly heed?: (line: string) => boolean;
}

/** What streaming needs besides. */
export interface StreamOptions {
  /** Starts what makes the bytes few. */
  readonly compress: () => Program;
  /** Work beside the stream which must end well too. */
  readonly beside: readonly Promise<unknown>[];
  /** Reasons to give up. */
  readonly interrupted: readonly Promise<never>[];
  /** Told as soon as this fails, for work beside which would not end by itself. */
  readonly onFailure?: AbortController;
  /** Called as bytes flow. */
  readonly onBytes?: (plainBytes: number, storedBytes: number) => void;
}

/** What S3 holds. */
export type Stored = Pick<StoredObject, 'storedBytes' | 'storedSha256'>;
/** What was encrypted; nothing where nothing was. */
export type Compressed = Pick<StoredObject, 'compressedBytes' | 'compressedSha256'>;

/** Where a stream goes. */
export interface Target {
  /** Key of the object. */
  readonly key: string;
  /** Bytes given to S3 so far. */
  readonly storedBytes: number;
  /** Takes a chunk; a promise means: wait before the next. */
  take(chunk: Buffer): Promise<void> | undefined;
  /** Sends what is left and waits until S3 has everything. */
  finishParts(): Promise<Stored & Compressed>;
}

/** An object whose parts are all in S3, not yet completed. */
export type Measured = Omit<StoredObject, 'versionId'>;

/** A dump program's failure as a sentence, with the exit code that its words call for. */
function explained(error: unknown): unknown {
  if (!(error instanceof ProgramFailed)) return error;
  return new Stop(exitOfWords(error.words), `${error.message.trim()}\nNothing was committed.`);
}

/** Ends when the program did: its output flows into the compressor, hashed on the way. */
async function feed(dump: Program, small: Program, see: (chunk: Buffer) => void): Promise<void> {
  const sink = into(small.stdin);
  await drain(dump.stdout, (chunk) => {
    see(chunk);
    return sink.take(chunk);
  });
  // The compressor is let finish only after the dump is known to be whole, so that no cut-off dump looks like an end.
  await dump.done;
  sink.finish();
}

/**
 * Streams a dump through a compressor into an upload. On any failure both programs are ended; the upload is
 * the caller's to abort.
 *
 * @throws Stop or Error: the first thing that went wrong
 */
export async function streamInto(upload: Target, source: Source, options: StreamOptions): Promise<Measured> {
  const { environment, heed } = source;
  const dump = start(source.program, source.args, { environment, ...(heed === undefined ? {} : { heed }) });
  dump.stdin.on('error', () => undefined).end(source.input);
  const small = options.compress();
  const plain = createHash('sha256');
  let plainBytes = 0;
  const see = (chunk: Buffer): void => {
    plain.update(chunk);
    plainBytes += chunk.length;
    source.format.see(chunk);
    options.onBytes?.(plainBytes, upload.storedBytes);
  };
  const store = drain(small.stdout, (chunk) => upload.take(chunk));
  const works = [dump.done, small.done, feed(dump, small, see), store, ...options.beside];
  await allOrFirstFailure(works, options.interrupted, () => {
    options.onFailure?.abort(new Error('The dump beside it failed.'));
    return Promise.all([dump.end(), small.end()]);
  }).catch((error: unknown) => {
    throw explained(error);
  });
  source.format.demandWhole();
  const stored = await upload.finishParts();
  return { key: upload.key, ...stored, plainBytes, plainSha256: plain.digest('hex') };
}
