import {
  ACTION_STATUS,
  SESSION_TYPE,
  readHandshakeRequest,
  type HandshakeResponse,
  type ProcessedAction,
  type RequestedAction,
} from '../wire/handshake';
import { isObject, readJson, textOf, type JsonObject } from '../wire/json';
import { MalformedMessage } from '../wire/message';
import { CLIENT_VERSION } from '../wire/version';
import { PayloadCipher, type DataKeyProvider } from './encryption';

/** What agent and client have agreed on. */
export interface Agreement {
  readonly sessionType: string;
  readonly properties: JsonObject;
  readonly agentVersion: string;
}

/** What the client answers, and what follows from it. */
export interface HandshakeAnswer {
  readonly agreement: Agreement;
  /** Bytes of the handshake response. */
  readonly response: Buffer;
  readonly cipher?: PayloadCipher;
  /** Why the session cannot go on, as a sentence; absent when it can. */
  readonly refusal?: string;
}

interface Outcome {
  readonly processed: ProcessedAction;
  readonly cipher?: PayloadCipher;
}

/**
 * Answers the agent's handshake request, action by action.
 * Rules: aws/session-manager-plugin, src/datachannel/streaming.go, handleHandshakeRequest.
 *
 * @throws MalformedMessage
 */
export async function answerHandshake(
  payload: Buffer,
  sessionId: string,
  dataKey: DataKeyProvider | undefined,
): Promise<HandshakeAnswer> {
  const request = readHandshakeRequest(payload);
  const outcomes = await Promise.all(request.actions.map((action) => process(action, sessionId, dataKey)));
  const processed = outcomes.map((outcome) => outcome.processed);
  const errors = processed.map((action) => action.Error).filter((error) => error !== '');
  const response: HandshakeResponse = {
    ClientVersion: CLIENT_VERSION,
    ProcessedClientActions: processed,
    Errors: errors,
  };
  const session = request.actions.find(({ type }) => type === 'SessionType')?.parameters ?? {};
  const cipher = outcomes.find((outcome) => outcome.cipher !== undefined)?.cipher;
  return {
    agreement: {
      sessionType: textOf(session.SessionType),
      properties: isObject(session.Properties) ? session.Properties : {},
      agentVersion: request.agentVersion,
    },
    response: Buffer.from(JSON.stringify(response)),
    ...(cipher === undefined ? {} : { cipher }),
    ...(errors.length === 0 ? {} : { refusal: errors.join(' ') }),
  };
}

/** Answers an encryption challenge: decrypts what the agent has encrypted, and encrypts it with the client's own key. */
export function answerChallenge(payload: Buffer, cipher: PayloadCipher): Buffer {
  const challenge = Buffer.from(textOf(readJson(payload, 'encryption challenge').Challenge), 'base64');
  return Buffer.from(JSON.stringify({ Challenge: cipher.seal(cipher.open(challenge)).toString('base64') }));
}

async function process(
  action: RequestedAction,
  sessionId: string,
  dataKey: DataKeyProvider | undefined,
): Promise<Outcome> {
  if (action.type === 'SessionType') return { processed: checkSessionType(action.parameters) };
  if (action.type === 'KMSEncryption' && dataKey !== undefined)
    return encrypt(action.parameters, sessionId, dataKey);
  const what =
    action.type === 'KMSEncryption'
      ? 'The session document asks for encryption with a KMS key, and no data key can be made here.'
      : `The agent asks for "${action.type}", which this client does not know.`;
  return { processed: outcome(action.type, ACTION_STATUS.unsupported, null, what) };
}

function checkSessionType(parameters: JsonObject): ProcessedAction {
  const type = textOf(parameters.SessionType);
  const known: readonly string[] = Object.values(SESSION_TYPE);
  return known.includes(type)
    ? outcome('SessionType', ACTION_STATUS.ok, null, '')
    : outcome(
        'SessionType',
        ACTION_STATUS.failed,
        null,
        `The session document has the type "${type}"; known are ${known.join(', ')}.`,
      );
}

async function encrypt(
  parameters: JsonObject,
  sessionId: string,
  dataKey: DataKeyProvider,
): Promise<Outcome> {
  try {
    const key = await dataKey({ kmsKeyId: textOf(parameters.KMSKeyId), sessionId });
    const result = { KMSCipherTextKey: key.ciphertext.toString('base64') };
    return {
      processed: outcome('KMSEncryption', ACTION_STATUS.ok, result, ''),
      cipher: PayloadCipher.ofClient(key.plaintext),
    };
  } catch (error) {
    if (error instanceof MalformedMessage) throw error;
    const text = `No data key for the encrypted session: ${String(error)}.`;
    return { processed: outcome('KMSEncryption', ACTION_STATUS.failed, null, text) };
  }
}

const outcome = (type: string, status: number, result: unknown, error: string): ProcessedAction => ({
  ActionType: type,
  ActionStatus: status,
  ActionResult: result,
  Error: error,
});
