import {
  ACKNOWLEDGE_FLAGS,
  MESSAGE_TYPE,
  MalformedMessage,
  encodeMessage,
  idText,
  newMessageId,
  type Message,
} from './message';
import { readJson } from './json';

/**
 * The frame that acknowledges one stream message.
 * Field names: aws/session-manager-plugin, src/message/clientmessage.go (AcknowledgeContent).
 */
export function encodeAcknowledge(received: Message): Buffer {
  // Written by hand, as JSON.stringify would: one for each message.
  const content =
    `{"AcknowledgedMessageType":${JSON.stringify(received.type)},"AcknowledgedMessageId":"${idText(received.id)}"` +
    `,"AcknowledgedMessageSequenceNumber":${received.sequence},"IsSequentialMessage":true}`;
  return encodeMessage({
    type: MESSAGE_TYPE.acknowledge,
    sequence: 0,
    flags: ACKNOWLEDGE_FLAGS,
    id: newMessageId(),
    payloadType: 0,
    payload: Buffer.from(content),
  });
}

/** As every agent and client writes it (Go's encoding/json): nothing else that it fits is JSON of another meaning. */
const USUAL =
  /^\{"AcknowledgedMessageType":"[a-z_]+","AcknowledgedMessageId":"[0-9a-f-]{36}","AcknowledgedMessageSequenceNumber":(0|[1-9]\d{0,14}),"IsSequentialMessage":(?:true|false)\}$/;

/**
 * The sequence number that an acknowledge names.
 *
 * @throws MalformedMessage when there is none
 */
export function acknowledgedSequence(payload: Buffer): number {
  const written = USUAL.exec(payload.toString('latin1'));
  if (written !== null) return Number(written[1]);
  const sequence = readJson(payload, 'acknowledge').AcknowledgedMessageSequenceNumber;
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 0)
    throw new MalformedMessage('an acknowledge names no sequence number');
  return sequence;
}
