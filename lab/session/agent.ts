import { randomBytes } from 'node:crypto';
import { PayloadCipher } from '../../cli/session/client/encryption';
import {
  SESSION_TYPE,
  readHandshakeResponse,
  writeHandshakeRequest,
  type RequestedAction,
} from '../../cli/session/wire/handshake';
import { isObject, readJson, textOf } from '../../cli/session/wire/json';
import { FLAG, PAYLOAD_TYPE } from '../../cli/session/wire/message';
import { LAST_AGENT_WITHOUT_MULTIPLEXING, compareVersions } from '../../cli/session/wire/version';
import { PortRefused, destinationOf } from './destination';
import type { LabSessionOptions } from './options';
import type { Channel, SessionPart } from './part';
import { MuxPort } from './port-mux';
import { SinglePort } from './port-single';
import { Shell } from './shell';

/** amazon-ssm-agent of Amazon Linux 2023 in March 2026 (release notes of 2023.10.20260302). */
const AGENT_VERSION = '3.3.3598.0';
/** Clients from here on multiplex. Source: amazon-ssm-agent, agent/session/plugins/port/port.go. */
const FIRST_CLIENT_WITH_MULTIPLEXING = '1.1.70';
/** Clients up to here get smux keep-alives (same file). */
const LAST_CLIENT_WITH_KEEP_ALIVE = '1.2.331.0';
/** Milliseconds. Source: amazon-ssm-agent, agent/session/datachannel/datachannel.go. */
const HANDSHAKE_MS = 15_000;

/**
 * Milliseconds that a refusal takes, as between real machines. Anything that comes while the official plugin still sets up
 * its streams kills its listener, and it hangs (portsession.go, Initialize, with muxportforwarding.go, IsStreamNotSet).
 */
const REFUSAL_MS = 300;

/** The agent's side of one session, behind the stream of messages. */
export class Agent {
  private part: SessionPart | undefined;
  private cipher: PayloadCipher | undefined;
  private challenge = Buffer.alloc(0);
  private clientVersion = '';
  private complete = false;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private startedAt = 0;

  constructor(
    private readonly options: LabSessionOptions,
    private readonly channel: Channel,
  ) {}

  /** Asks the client for a handshake. */
  start(): void {
    const { sessionType, properties, encryption, agentVersion = AGENT_VERSION } = this.options;
    const actions: RequestedAction[] = [
      { type: 'SessionType', parameters: { SessionType: sessionType, Properties: properties } },
    ];
    if (encryption !== undefined)
      actions.push({ type: 'KMSEncryption', parameters: { KMSKeyId: encryption.kmsKeyId } });
    this.startedAt = Date.now();
    this.timer = setTimeout(() => {
      this.channel.done(
        'Handshake timed out. Please ensure that you have the latest version of the session manager plugin.',
      );
    }, HANDSHAKE_MS);
    this.channel.send(PAYLOAD_TYPE.handshakeRequest, writeHandshakeRequest({ agentVersion, actions }));
  }

  /** Takes a payload of the client's stream. @returns false when it cannot yet */
  input(payloadType: number, sealed: Buffer): boolean {
    if (payloadType === PAYLOAD_TYPE.handshakeResponse) this.guard(this.answered(sealed));
    else if (payloadType === PAYLOAD_TYPE.encryptionChallengeAnswer) this.guard(this.proved(sealed));
    // What comes before the handshake is complete is acknowledged and dropped (processStreamDataMessage).
    else if (!this.complete) return true;
    else if (this.part === undefined) return false;
    else return this.forward(payloadType, sealed);
    return true;
  }

  drained(): void {
    this.part?.drained();
  }

  /** Changes what goes out, when the session is encrypted. */
  seal(payloadType: number, payload: Buffer): Buffer {
    const sealed: readonly number[] = [
      PAYLOAD_TYPE.output,
      PAYLOAD_TYPE.standardError,
      PAYLOAD_TYPE.exitCode,
    ];
    return this.cipher !== undefined && sealed.includes(payloadType) ? this.cipher.seal(payload) : payload;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.part?.stop();
  }

  private forward(payloadType: number, sealed: Buffer): boolean {
    if (
      payloadType === PAYLOAD_TYPE.flag &&
      sealed.length === 4 &&
      sealed.readUInt32BE(0) === FLAG.terminateSession
    ) {
      this.channel.done();
      return true;
    }
    const payload =
      this.cipher !== undefined && payloadType === PAYLOAD_TYPE.output ? this.cipher.open(sealed) : sealed;
    return this.part?.input(payloadType, payload) ?? false;
  }

  private guard(work: Promise<void>): void {
    work.catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.channel.log(text);
      const message = error instanceof PortRefused ? text : `The session failed: ${text}`;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        if (!this.stopped) this.channel.done(message);
      }, REFUSAL_MS);
    });
  }

  private async answered(payload: Buffer): Promise<void> {
    // The acknowledgement goes first, for the reason given at REFUSAL_MS.
    await Promise.resolve();
    const { clientVersion, failures } = readHandshakeResponse(payload);
    this.clientVersion = clientVersion;
    if (failures.length > 0) throw new Error(failures.join(' '));
    if (this.options.encryption === undefined) return this.begin('');
    this.cipher = PayloadCipher.ofAgent(await this.options.encryption.decrypt(encryptedKeyOf(payload)));
    this.challenge = randomBytes(64);
    const content = { Challenge: this.cipher.seal(this.challenge).toString('base64') };
    this.channel.send(PAYLOAD_TYPE.encryptionChallenge, Buffer.from(JSON.stringify(content)));
  }

  private async proved(payload: Buffer): Promise<void> {
    const answer = Buffer.from(textOf(readJson(payload, 'challenge answer').Challenge), 'base64');
    if (this.cipher?.open(answer).equals(this.challenge) !== true)
      throw new Error('Encryption challenge does not match!');
    await this.begin('This session is encrypted using AWS KMS.');
  }

  private async begin(customerMessage: string): Promise<void> {
    clearTimeout(this.timer);
    this.complete = true;
    // Go's time.Duration: nanoseconds.
    const took = (Date.now() - this.startedAt) * 1_000_000;
    const content = { HandshakeTimeToComplete: took, CustomerMessage: customerMessage };
    this.channel.send(PAYLOAD_TYPE.handshakeComplete, Buffer.from(JSON.stringify(content)));
    const part = await this.newPart();
    if (this.stopped) part.stop();
    else this.part = part;
  }

  private async newPart(): Promise<SessionPart> {
    const { sessionType, properties, agentVersion = AGENT_VERSION } = this.options;
    if (sessionType !== SESSION_TYPE.port) {
      const shell = this.options.spawnShell?.();
      if (shell === undefined) throw new Error(`a session of type ${sessionType} needs a shell`);
      return new Shell(this.channel, shell, sessionType);
    }
    const destination = await destinationOf(this.options);
    const forwards = textOf(properties.type) === 'LocalPortForwarding';
    const multiplexes =
      compareVersions(this.clientVersion, FIRST_CLIENT_WITH_MULTIPLEXING) >= 0 &&
      compareVersions(agentVersion, LAST_AGENT_WITHOUT_MULTIPLEXING) > 0;
    if (!forwards || !multiplexes) return new SinglePort(this.channel, destination, forwards);
    return new MuxPort(this.channel, destination, {
      keepAlive: compareVersions(this.clientVersion, LAST_CLIENT_WITH_KEEP_ALIVE) <= 0,
    });
  }
}

function encryptedKeyOf(payload: Buffer): Buffer {
  const actions = readJson(payload, 'handshake response').ProcessedClientActions;
  const list: unknown[] = Array.isArray(actions) ? actions : [];
  const action = list.filter(isObject).find((one) => one.ActionType === 'KMSEncryption');
  const result = isObject(action?.ActionResult) ? action.ActionResult : {};
  return Buffer.from(textOf(result.KMSCipherTextKey), 'base64');
}
