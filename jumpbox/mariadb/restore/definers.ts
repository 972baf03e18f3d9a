import type { Take } from '../../process/pump';

const NEWLINE = 10;
/** Rows begin so, one a line, or with the INSERT of which they are the first. */
const ROWS = Buffer.from('(I');

const DEFINER = / ?DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`/g;

/**
 * Takes the definers out of the definitions of a dump, so that whoever restores becomes the definer: to name another takes a
 * privilege that the master of RDS does not have. Rows pass as they are.
 */
export function withoutDefiners(take: Take): {
  readonly take: Take;
  readonly finish: () => Promise<void> | undefined;
} {
  let line: Buffer[] = [];
  let inRow = false;
  let atStart = true;
  const rewritten = (): Buffer => {
    const text = Buffer.concat(line);
    line = [];
    // Latin 1 keeps every byte as it is.
    return Buffer.from(text.toString('latin1').replace(DEFINER, ''), 'latin1');
  };
  return {
    take: (chunk) => {
      const out: Buffer[] = [];
      let at = 0;
      while (at < chunk.length) {
        if (atStart) inRow = ROWS.includes(chunk[at] ?? 0);
        const newline = chunk.indexOf(NEWLINE, at);
        const end = newline === -1 ? chunk.length : newline + 1;
        const piece = chunk.subarray(at, end);
        if (inRow) out.push(piece);
        else {
          line.push(newline === -1 ? Buffer.from(piece) : piece);
          if (newline !== -1) out.push(rewritten());
        }
        atStart = newline !== -1;
        at = end;
      }
      return out.length === 0 ? undefined : take(Buffer.concat(out));
    },
    finish: () => (line.length === 0 ? undefined : take(rewritten())),
  };
}

const holds = (grants: readonly string[], privileges: RegExp): boolean =>
  grants.some((grant) => new RegExp(`^GRANT .*\\b(${privileges.source})\\b.* ON \\*\\.\\* TO `).test(grant));

/**
 * Whether these lines of `SHOW GRANTS` let somebody name anybody as the definer. MySQL wants SYSTEM_USER besides, where the definer
 * has that (as its own `root` does): https://dev.mysql.com/doc/refman/8.4/en/privileges-provided.html#priv_set-any-definer
 */
export const mayNameDefiners = (grants: readonly string[]): boolean =>
  holds(grants, /ALL PRIVILEGES|SUPER|SET USER/) ||
  (holds(grants, /SET_USER_ID|SET_ANY_DEFINER/) && holds(grants, /SYSTEM_USER/));
