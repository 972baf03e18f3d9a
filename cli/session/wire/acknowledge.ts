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
  const content = {
    AcknowledgedMessageType: received.type,
    AcknowledgedMessageId: idText(received.id),
    AcknowledgedMessageSequenceNumber: received.sequence,
    IsSequentialMessage: true,
  };
  return encodeMessage({
    type: MESSAGE_TYPE.acknowledge,
    sequence: 0,
    flags: ACKNOWLEDGE_FLAGS,
    id: newMessageId(),
    payloadType: 0,
    payload: Buffer.from(JSON.stringify(content)),
  });
}

/**
 * The sequence number that an acknowledge names.
 *
 * @throws MalformedMessage when there is none
 */
export function acknowledgedSequence(payload: Buffer): number {
  const sequence = readJson(payload, 'acknowledge').AcknowledgedMessageSequenceNumber;
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 0)
    throw new MalformedMessage('an acknowledge names no sequence number');
  return sequence;
}
