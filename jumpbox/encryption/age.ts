import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { reasonOf } from '../stop';
import { opening, PAYLOAD_NONCE_BYTES, sealing, type Turner } from './payload';

/** A header is a few lines per recipient; what is longer is none. */
const LONGEST_HEADER_BYTES = 64 * 1024;
/** The last line of a header, with its MAC: https://c2sp.org/age#header */
const HEADER_END = /^--- [A-Za-z0-9+/]{43}\n/m;

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

const headerOf = (file: Buffer): Buffer | undefined => {
  const found = HEADER_END.exec(file.subarray(0, LONGEST_HEADER_BYTES).toString('latin1'));
  return found === null ? undefined : file.subarray(0, found.index + found[0].length);
};

/** Decrypts one file in the age format as it comes. */
export class Decryption {
  private head = Buffer.alloc(0);
  private payload: Turner | undefined;

  constructor(private readonly identity: string) {}

  /** @throws Error for what is not encrypted to this identity, or was altered */
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
    const decrypter = new Decrypter();
    decrypter.addIdentity(this.identity);
    const fileKey = await decrypter.decryptHeader(header).catch((error: unknown) => {
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
