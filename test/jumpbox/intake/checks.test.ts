import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { intakeRules } from '../../../contract/intake';
import { ZipMeter } from '../../../jumpbox/intake/checks/bombs';
import { ContentChecks } from '../../../jumpbox/intake/checks/content';
import { credentialsIn } from '../../../jumpbox/intake/checks/credentials';
import { contradictionIn } from '../../../jumpbox/intake/checks/kinds';
import { pathRule } from '../../../jumpbox/intake/checks/patterns';

const rulesIn = (text: string): string[] =>
  credentialsIn(Buffer.from(text, 'latin1')).map(({ rule }) => rule);
const KEY = `AKIAQRSTUVWXYZ234567`;

describe('credentials', () => {
  test.each([
    ['-----BEGIN PRIVATE KEY-----\nMIIE', ['privateKeys']],
    ['-----BEGIN OPENSSH PRIVATE KEY-----', ['privateKeys']],
    ['-----BEGIN RSA PRIVATE KEY-----', ['privateKeys']],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----', ['privateKeys']],
    ['PuTTY-User-Key-File-3: ssh-ed25519', ['privateKeys']],
    [`AGE-SECRET-KEY-1${'Q'.repeat(40)}`, ['privateKeys']],
    [`aws_access_key_id = ${KEY}`, ['awsKeys']],
    [`aws_secret_access_key = ${'a'.repeat(40)}`, ['awsKeys']],
    ['postgres://app:hunter2@db/app', ['urlPasswords']],
    ['proxy=http://me:secret@10.0.0.1:3128/', ['urlPasswords']],
  ])('%j is %j', (text, rules) => {
    expect(rulesIn(text)).toEqual(rules);
    expect(rulesIn(`${'x '.repeat(500)}${text}${' y'.repeat(500)}`)).toEqual(rules);
  });

  test.each([
    '-----BEGIN PUBLIC KEY-----',
    '-----BEGIN CERTIFICATE-----',
    'the PRIVATE KEY stays at home',
    `X${KEY}`,
    `${KEY}0`,
    'https://example.com/a:b@c',
    'http://[::1]:8080/',
    'see https://example.com: me@example.com',
    'postgres://app:***@db/app',
  ])('%j is none', (text) => {
    expect(rulesIn(text)).toEqual([]);
  });

  test('one that lies across two chunks is seen', async () => {
    const checks = new ContentChecks('a.log', 40, intakeRules.parse({}));
    expect(await checks.take(Buffer.from('x'.repeat(100) + '-----BEGIN PRI'), true)).toBeUndefined();
    expect(await checks.take(Buffer.from('VATE KEY-----\n'), false)).toContain('private key');
  });
});

describe('content and name', () => {
  test.each([
    ['a.log', '\x7fELF\x02', 'the name says text, the content ELF program'],
    ['a.txt', 'MZ\x90', 'the name says text, the content Windows program'],
    ['a.png', 'hello', 'the name says PNG, the content something else'],
    ['a.gz', 'PK\x03\x04', 'the name says gzip, the content zip'],
    ['a.conf', 'a\0b', 'the name says text, the content is binary'],
  ])('%s with %j: %s', (path, content, reason) => {
    expect(contradictionIn(path, Buffer.from(content, 'latin1'))).toEqual([
      { rule: 'contradictions', reason },
    ]);
  });

  test.each([
    ['a.log', 'plain text'],
    ['a.gz', '\x1f\x8b\x08'],
    ['a.xml', '\xff\xfe<\0?\0'],
    ['core', '\x7fELF'],
    ['a.unknown', '\0\0\0'],
  ])('%s with %j agree', (path, content) => {
    expect(contradictionIn(path, Buffer.from(content, 'latin1'))).toEqual([]);
  });
});

describe('archives that explode', () => {
  const judge = (path: string, content: Buffer, rules = {}) =>
    new ContentChecks(path, content.length, intakeRules.parse(rules)).take(content, true);
  const central = (unpacked: number): Buffer => {
    const header = Buffer.alloc(46);
    header.write('PK\x01\x02', 'latin1');
    header.writeUInt32LE(unpacked, 24);
    return header;
  };

  test('a gzip of zeros is refused, of ordinary text it is not', async () => {
    expect(await judge('a.gz', gzipSync(Buffer.alloc(100 * 1024 ** 2)))).toMatch(
      /would unpack to at least \d+ times/,
    );
    expect(await judge('a.gz', gzipSync(Buffer.from('a line of a log\n'.repeat(10_000))))).toBeUndefined();
    expect(await judge('a.gz', gzipSync(Buffer.alloc(100 * 1024 ** 2)), { bombs: 'allow' })).toBeUndefined();
  });

  test('a zip is judged by what its directory says, across chunks', () => {
    const meter = new ZipMeter(1_000);
    const directory = Buffer.concat(Array.from({ length: 100 }, () => central(1024 ** 2)));
    expect(meter.take(directory.subarray(0, 1_001))).toEqual([]);
    expect(meter.take(directory.subarray(1_001))).toEqual([expect.objectContaining({ rule: 'bombs' })]);
    expect(new ZipMeter(1_000).take(central(0xffffffff))).toHaveLength(1);
    expect(new ZipMeter(1_000).take(central(5_000))).toEqual([]);
  });

  test('broken archives are looked at and survive it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('\x1f\x8b\x08', '\x1f\x8b\x08\x1f', 'PK\x03\x04', 'PK\x01\x02'),
        async (bytes, magic) => {
          const content = Buffer.concat([Buffer.from(magic, 'latin1'), bytes]);
          const found = await judge('a.bin', content, { contradictions: 'allow' });
          expect(found === undefined || found.includes('unpack')).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

test('patterns: what is refused is refused even where it is allowed', () => {
  const rule = pathRule({ allow: ['var/log/**', '**/*.conf'], refuse: ['**/*.key', '**/.ssh/**'] });
  expect(rule('var/log/a/b.log')).toBeUndefined();
  expect(rule('etc/a.conf')).toBeUndefined();
  expect(rule('etc/hosts')).toBe('the rules take var/log/**, **/*.conf only');
  expect(rule('var/log/x.key')).toBe('the rules refuse **/*.key');
  expect(rule('home/me/.ssh/a.conf')).toBe('the rules refuse **/.ssh/**');
});

test('whatever a file holds, looking at it ends', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), fc.string(), async (bytes, name) => {
      await new ContentChecks(name, bytes.length, intakeRules.parse({})).take(Buffer.from(bytes), true);
    }),
    { numRuns: 2_000 },
  );
});
