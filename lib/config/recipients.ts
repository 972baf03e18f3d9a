const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** The checksum of Bech32 over values of five bits: https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki */
function polymod(values: readonly number[]): number {
  return values.reduce((sum, value) => {
    const top = sum >>> 25;
    const next = ((sum & 0x1ffffff) << 5) ^ value;
    return GENERATOR.reduce((all, generator, bit) => ((top >>> bit) & 1 ? all ^ generator : all), next);
  }, 1);
}

/**
 * Whether a text is a recipient of age with a key of X25519. Its checksum is looked at: a key that was mistyped would make
 * backups that nobody can read.
 */
export function isRecipient(text: string): boolean {
  if (!/^age1[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{58}$/.test(text)) return false;
  const prefix = Array.from('age', (letter) => letter.charCodeAt(0));
  const data = Array.from(text.slice(4), (letter) => ALPHABET.indexOf(letter));
  return polymod([...prefix.map((code) => code >> 5), 0, ...prefix.map((code) => code & 31), ...data]) === 1;
}
