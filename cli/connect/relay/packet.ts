import type { Socket } from 'node:net';

/**
 * The first packets of a connection to MySQL or MariaDB, before TLS begins.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
 */

/** Three bytes of length, one of sequence number. */
const HEADER_BYTES = 4;
/** A greeting or a request for TLS is far below; whoever sends more speaks something else. */
const LARGEST_BYTES = 4_096;
/** Capability of both sides: the connection goes on in TLS. */
const CLIENT_SSL = 0x0800;
/** A request for TLS is the beginning of a login that stops before the user's name. */
const SSL_REQUEST_BYTES = 32;
const ERROR_MARK = 0xff;
/** ER_SECURE_TRANSPORT_REQUIRED, with the state that the servers send with it. */
const SECURE_TRANSPORT_REQUIRED = 3_159;

/** Header and payload, as they came. */
export type Packet = Buffer;

/**
 * Reads one packet and not a byte more: what follows may be TLS already.
 *
 * @throws Error when the connection ends before, or what comes is no such packet
 */
export async function readPacket(socket: Socket): Promise<Packet> {
  const header = await readExactly(socket, HEADER_BYTES);
  const length = header.readUIntLE(0, 3);
  if (length === 0 || length > LARGEST_BYTES) throw new Error('what came is no greeting of MySQL or MariaDB');
  return Buffer.concat([header, await readExactly(socket, length)]);
}

function readExactly(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      socket.off('readable', look).off('end', ended).off('close', ended);
      act();
    };
    const look = (): void => {
      const found = socket.read(bytes) as Buffer | null;
      if (found === null) return;
      settle(() => {
        // At the end of the stream `read` hands over what there is.
        if (found.length === bytes) resolve(found);
        else reject(new Error('the connection ended in the middle of a greeting'));
      });
    };
    const ended = (): void => {
      settle(() => {
        reject(new Error('the connection ended before the greeting'));
      });
    };
    socket.on('readable', look).once('end', ended).once('close', ended);
    look();
  });
}

/** The server turns the client away before anything else: too many connections, a blocked host. */
export const isError = (packet: Packet): boolean => packet[HEADER_BYTES] === ERROR_MARK;

/** Whether the server can do TLS, by its greeting: version, thread, eight bytes and a filler come before the capabilities. */
export function offersTls(greeting: Packet): boolean {
  const endOfVersion = greeting.indexOf(0, HEADER_BYTES + 1);
  const capabilities = endOfVersion + 1 + 4 + 8 + 1;
  if (endOfVersion < 0 || capabilities + 2 > greeting.length) return false;
  return (greeting.readUInt16LE(capabilities) & CLIENT_SSL) !== 0;
}

/** Whether the client's first packet asks for TLS, and so holds no login yet. */
export const asksForTls = (packet: Packet): boolean =>
  packet.length === HEADER_BYTES + SSL_REQUEST_BYTES &&
  (packet.readUInt32LE(HEADER_BYTES) & CLIENT_SSL) !== 0;

/** What a server answers to a client that wants no TLS. */
export function tlsDemanded(sequenceNumber: number): Packet {
  const payload = Buffer.concat([
    Buffer.from([ERROR_MARK, SECURE_TRANSPORT_REQUIRED & 0xff, SECURE_TRANSPORT_REQUIRED >> 8]),
    Buffer.from(
      '#HY000Connections without TLS are not let through. Use the options file that drawbridge names.',
    ),
  ]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntLE(payload.length, 0, 3);
  header.writeUInt8(sequenceNumber, 3);
  return Buffer.concat([header, payload]);
}
