import fc from 'fast-check';
import { escapePath, foldPath, pathProblem, unescapePath } from '../../contract/intake-path';

/** Without `expect` inside: it costs more than what is tested. */
const CASES = 30_000;
/** Bytes that a hostile name may hold, dots and slashes more often than chance would have them. */
const bytes = fc.uint8Array({ maxLength: 60 });
const nasty = fc
  .array(
    fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      '\\x2e',
      '\\x2f',
      '\0',
      '\u001b[2J',
      '\u202e',
      'a',
      'é',
      '\ud800',
      '%2e',
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));

test('escaping loses nothing, and shows no terminal anything but text', () => {
  fc.assert(
    fc.property(bytes, (name) => {
      const path = escapePath(name);
      const isSame = Buffer.from(unescapePath(path)).equals(Buffer.from(name));
      return isSame && !/[\p{Cc}\p{Cs}\u202a-\u202e]/u.test(path);
    }),
    { numRuns: CASES },
  );
});

test('no accepted path leads anywhere but down', () => {
  fc.assert(
    fc.property(nasty, (path) => {
      if (pathProblem(path) !== undefined) return true;
      const parts = Buffer.from(unescapePath(path)).toString('latin1').split('/');
      return (
        !parts.some((part) => ['', '.', '..'].includes(part) || part.includes('\0')) && !/\p{Cc}/u.test(path)
      );
    }),
    { numRuns: CASES },
  );
});

test.each([
  ['', 'empty'],
  ['/etc/passwd', 'absolute'],
  ['a/../../b', '. or ..'],
  ['a/\\x2e\\x2e/b', '. or ..'],
  ['a//b', 'empty part'],
  ['a/', 'empty part'],
  ['a\u001b[2Jb', 'control character'],
  ['a\u202eb', 'control character'],
  ['a\ud800', 'not valid UTF-8'],
  ['a\\b', 'backslash'],
  ['a\\x00', 'NUL'],
  ['a\\x2fb', 'slash'],
  ['é'.repeat(401), 'is 802 bytes long'],
])('%j is refused: %s', (path, reason) => {
  expect(pathProblem(path)).toContain(reason);
});

test.each([
  'a',
  'etc/nginx/nginx.conf',
  '.profile',
  '...',
  'ä/ö',
  'a\\\\b',
  'a\\xff',
  'x y',
  'é'.repeat(400),
])('%j is accepted', (path) => {
  expect(pathProblem(path)).toBeUndefined();
});

test('names that differ in case or in the form of Unicode fold to one', () => {
  expect(foldPath('Caf\u00e9/README')).toBe(foldPath('CAFE\u0301/readme'));
  expect(foldPath('a')).not.toBe(foldPath('b'));
});
