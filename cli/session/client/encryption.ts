import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Asks KMS for a data key of 64 bytes (`GenerateDataKey`, `NumberOfBytes: 64`). */
export type DataKeyProvider = (request: {
  readonly kmsKeyId: string;
  /** Goes into the encryption context as `aws:ssm:SessionId`, next to `aws:ssm:TargetId`. */
  readonly sessionId: string;
}) => Promise<{ readonly plaintext: Buffer; readonly ciphertext: Buffer }>;

const KEY_BYTES = 64;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts payloads with AES-256-GCM: nonce, ciphertext, tag. One half of the data key is for each direction: the client
 * decrypts with the first and encrypts with the second; the agent the other way round.
 * Source: aws/session-manager-plugin, src/encryption/encrypter.go.
 */
export class PayloadCipher {
  private constructor(
    private readonly sealKey: Buffer,
    private readonly openKey: Buffer,
  ) {}

  /** @throws Error when the key has not 64 bytes */
  static ofClient(dataKey: Buffer): PayloadCipher {
    const [first, second] = halves(dataKey);
    return new PayloadCipher(second, first);
  }

  /** @throws Error when the key has not 64 bytes */
  static ofAgent(dataKey: Buffer): PayloadCipher {
    const [first, second] = halves(dataKey);
    return new PayloadCipher(first, second);
  }

  seal(plain: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.sealKey, nonce);
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws Error when the payload was not encrypted with the other half of this key */
  open(sealed: Buffer): Buffer {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error('an encrypted payload is too short');
    const decipher = createDecipheriv('aes-256-gcm', this.openKey, sealed.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  }
}

function halves(dataKey: Buffer): readonly [Buffer, Buffer] {
  if (dataKey.length !== KEY_BYTES)
    throw new Error(`the data key has ${dataKey.length} bytes instead of ${KEY_BYTES}`);
  return [dataKey.subarray(0, KEY_BYTES / 2), dataKey.subarray(KEY_BYTES / 2)];
}
