import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { headerOf, LONGEST_HEADER_BYTES } from '../../contract/handed-keys';
import { reasonOf } from '../stop';
import { opening, PAYLOAD_NONCE_BYTES, sealing, type Turner } from './payload';

/** A key pair. Whoever has the identity reads what was encrypted to the recipient. */
export interface KeyPair {
  /** `AGE-SECRET-KEY-1…` */
  readonly identity: string;
  /** `age1…` */
  readonly recipient: string;
}

/** Makes a key pair. */
export async function makeKeyPair(): Promise<KeyPair> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/**
 * Begins a file in the age format. The library writes the header, which wraps the file's key for each recipient; the stream
 * is OpenSSL's work, which is an order of magnitude faster.
 *
 * @throws Error for what is no recipient
 */
export async function encrypting(recipients: readonly string[]): Promise<Turner> {
  const encrypter = new Encrypter();
  let fileKey: Uint8Array | undefined;
  for (const one of recipients) encrypter.addRecipient(one);
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = key.slice();
      return [];
    },
  });
  const header = headerOf(Buffer.from(await encrypter.encrypt(new Uint8Array())));
  if (fileKey === undefined || header === undefined) throw new Error('age gave no file key');
  const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
  const payload = sealing(fileKey, nonce);
  let head = Buffer.concat([header, nonce]);
  const withHead = (sealed: Buffer): Buffer => {
    const all = Buffer.concat([head, sealed]);
    head = Buffer.alloc(0);
    return all;
  };
  return { take: (bytes) => withHead(payload.take(bytes)), finish: () => withHead(payload.finish()) };
}

/**
 * Finds the key of a file.
 *
 * @param object - the file's key in S3
 * @param header - of the file
 * @throws Error for a file that cannot be opened
 */
export type FileKeyOf = (object: string, header: Buffer) => Promise<Uint8Array>;

/** By the secret key of one of the file's recipients. */
export const byIdentity =
  (identity: string): FileKeyOf =>
  (_object, header) => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return decrypter.decryptHeader(header);
  };

/** Decrypts one file in the age format as it comes. */
export class Decryption {
  private head = Buffer.alloc(0);
  private payload: Turner | undefined;

  constructor(private readonly fileKeyOf: (header: Buffer) => Promise<Uint8Array>) {}

  /** @throws Error for what this key does not open, or was altered */
  async take(bytes: Buffer): Promise<Buffer> {
    if (this.payload !== undefined) return this.payload.take(bytes);
    this.head = Buffer.concat([this.head, bytes]);
    const header = headerOf(this.head);
    if (header === undefined) {
      if (this.head.length > LONGEST_HEADER_BYTES) throw new Error('this is no file of age');
      return Buffer.alloc(0);
    }
    const start = header.length + PAYLOAD_NONCE_BYTES;
    if (this.head.length < start) return Buffer.alloc(0);
    const fileKey = await this.fileKeyOf(header).catch((error: unknown) => {
      throw new Error(`its header cannot be opened: ${reasonOf(error)}`);
    });
    this.payload = opening(fileKey, this.head.subarray(header.length, start));
    return this.payload.take(this.head.subarray(start));
  }

  /** @throws Error for what is cut off */
  finish(): Buffer {
    if (this.payload === undefined) throw new Error('the encrypted stream is cut off in its header');
    return this.payload.finish();
  }
}
