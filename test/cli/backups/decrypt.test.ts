import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const PROJECT = join(__dirname, '..', '..', '..');
let directory: string;
let bundle: string;

/** The library of age is an ES module, which Jest does not load: what is tested runs in a Node of its own. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-age-'));
  bundle = join(directory, 'bundle.mjs');
  await build({
    stdin: {
      contents: `export * from './cli/backups/decrypt'; export * from 'age-encryption';`,
      resolveDir: PROJECT,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile: bundle,
  });
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Encrypts `the dump`, writes a key file with `lines`, decrypts in two pieces; prints the plain text or the error. */
const decrypted = (lines: string, cutOff = 0): string => {
  const script = `
    import { writeFileSync } from 'node:fs';
    import { decryptWith, Encrypter, generateX25519Identity, identityToRecipient } from ${JSON.stringify(bundle)};
    const [identity, other] = [await generateX25519Identity(), await generateX25519Identity()];
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(identity));
    const secret = Buffer.from(await encrypter.encrypt('the dump'));
    writeFileSync('key.txt', ${lines});
    async function* source() {
      yield secret.subarray(0, 50);
      yield secret.subarray(50, secret.length - ${cutOff});
    }
    try {
      const pieces = [];
      for await (const piece of (await decryptWith('key.txt'))(source())) pieces.push(piece);
      process.stdout.write(Buffer.concat(pieces));
    } catch (error) {
      process.stdout.write('ERROR ' + error.message);
    }`;
  writeFileSync(join(directory, 'script.mjs'), script);
  return execFileSync(process.execPath, ['script.mjs'], { cwd: directory, encoding: 'utf8' });
};

test('a backup is decrypted with the key file that age-keygen writes', () => {
  expect(decrypted("'# created: today\\n' + identity + '\\n'")).toBe('the dump');
});

test('with one key of several', () => {
  expect(decrypted("other + '\\n' + identity + '\\n'")).toBe('the dump');
});

test.each([
  ["'no key\\n'", 0, /holds no secret key of age/],
  ["other + '\\n'", 0, /^ERROR /],
  ["identity + '\\n'", 1, /^ERROR /],
])('not with %s, nor what was cut off by %d', (lines, cutOff, message) => {
  expect(decrypted(lines, cutOff)).toMatch(message);
});
