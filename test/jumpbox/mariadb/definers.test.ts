import { mayNameDefiners, withoutDefiners } from '../../../jumpbox/mariadb/restore/definers';

const DUMP = [
  '/*!50001 CREATE ALGORITHM=UNDEFINED */',
  '/*!50013 DEFINER=`a``b`@`%` SQL SECURITY DEFINER */',
  'CREATE DEFINER=`root`@`localhost` PROCEDURE `p`() SELECT 1 ;;',
  'INSERT INTO `t` VALUES',
  "(1,'CREATE DEFINER=`x`@`y` stays'),",
  '',
  "(2,'größe');",
  "INSERT INTO `t` (`a`, `b`) VALUES (1,'CREATE DEFINER=`x`@`y` stays');",
  'last',
].join('\n');
const BARE = DUMP.replace(' DEFINER=`a``b`@`%`', '').replace(' DEFINER=`root`@`localhost`', '');

/** Cuts a text into pieces of so many bytes. */
function rewritten(text: string, size: number): string {
  const out: Buffer[] = [];
  const bytes = Buffer.from(text);
  const bare = withoutDefiners((chunk) => void out.push(Buffer.from(chunk)));
  for (let at = 0; at < bytes.length; at += size) void bare.take(bytes.subarray(at, at + size));
  void bare.finish();
  return Buffer.concat(out).toString();
}

test.each([1, 2, 3, 7, 64, 1000])(
  'definers go out of definitions, rows stay, in pieces of %d bytes',
  (size) => {
    expect(rewritten(DUMP, size)).toBe(BARE);
  },
);

test('who may name another as the definer', () => {
  expect(mayNameDefiners(['GRANT ALL PRIVILEGES ON *.* TO `root`@`%`'])).toBe(true);
  expect(mayNameDefiners(['GRANT SELECT, SET USER ON *.* TO `a`@`%`'])).toBe(true);
  // MySQL: of its own root, nobody without SYSTEM_USER.
  expect(mayNameDefiners(['GRANT SELECT, SET_ANY_DEFINER ON *.* TO `a`@`%`'])).toBe(false);
  expect(mayNameDefiners(['GRANT SET_ANY_DEFINER,SYSTEM_USER ON *.* TO `a`@`%`'])).toBe(true);
  expect(
    mayNameDefiners([
      'GRANT SELECT, TRIGGER ON *.* TO `a`@`%`',
      'GRANT ALL PRIVILEGES ON `app`.* TO `a`@`%`',
    ]),
  ).toBe(false);
});
