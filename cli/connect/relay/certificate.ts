import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

/** A certificate for this machine's own end of a connection, and its key. PEM. */
export interface LoopbackCertificate {
  readonly certificate: string;
  /** Stays in memory: whoever trusts the certificate trusts this process alone. */
  readonly key: string;
}

const DAY_MS = 24 * 60 * 60_000;
/** A command that stands longer than this has been forgotten. */
const VALID_MS = 30 * DAY_MS;
/** Clocks of programs on one machine agree; a day costs nothing. */
const SINCE_MS = DAY_MS;

/** Tags of ITU-T X.690, as far as a certificate needs them. */
const TAG = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  time: 0x18,
} as const;

/** Identifiers, encoded: RFC 5280 and RFC 5758. */
const ID = {
  commonName: Buffer.from('0603550403', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
  extendedKeyUsage: Buffer.from('0603551d25', 'hex'),
  serverAuth: Buffer.from('06082b06010505070301', 'hex'),
  ecdsaWithSha256: Buffer.from('06082a8648ce3d040302', 'hex'),
} as const;

/** Tag, length, contents. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(4, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 + length.length]), length, body]);
}

const sequence = (...contents: readonly Buffer[]): Buffer => der(TAG.sequence, ...contents);
const time = (at: Date): Buffer =>
  der(TAG.time, Buffer.from(at.toISOString().replace(/[-:T]|\.\d+/g, ''), 'latin1'));
const explicit = (number: number, ...contents: readonly Buffer[]): Buffer => der(0xa0 + number, ...contents);
const bits = (bytes: Buffer): Buffer => der(TAG.bitString, Buffer.from([0]), bytes);

/** `localhost` and both loopback addresses: whatever a client is told, it is the same machine. */
const NAMES = sequence(
  der(0x82, Buffer.from('localhost')),
  der(0x87, Buffer.from([127, 0, 0, 1])),
  der(0x87, Buffer.from('00000000000000000000000000000001', 'hex')),
);

/**
 * Makes a certificate that signs itself and names this machine, for one run of a command. Node can read certificates and not
 * write them; the libraries that can are twenty packages for these few fields (docs/decisions).
 */
export function loopbackCertificate(now: Date = new Date()): LoopbackCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(ID.ecdsaWithSha256);
  const name = sequence(
    der(TAG.set, sequence(ID.commonName, der(TAG.utf8, Buffer.from('drawbridge on localhost')))),
  );
  const extension = (id: Buffer, value: Buffer): Buffer => sequence(id, der(TAG.octetString, value));
  const facts = sequence(
    explicit(0, der(TAG.integer, Buffer.from([2]))),
    // Positive, and never the same twice.
    der(TAG.integer, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(new Date(now.getTime() - SINCE_MS)), time(new Date(now.getTime() + VALID_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(
      3,
      sequence(extension(ID.subjectAltName, NAMES), extension(ID.extendedKeyUsage, sequence(ID.serverAuth))),
    ),
  );
  const signature = createSign('sha256').update(facts).sign(privateKey);
  const lines =
    sequence(facts, algorithm, bits(signature))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
