import { closedBy, type FormatCheck, incomplete } from '../backup/dump-format';

/**
 * Check of `pg_dump -Fc`. That format has no mark at its end: its table of contents comes first, and a reader goes by that. What
 * says that it is whole is the exit code 0 of pg_dump (which fails if it cannot write) together with the end of its output;
 * this check adds that it is an archive at all.
 */
export function customFormat(): FormatCheck {
  let first = Buffer.alloc(0);
  return {
    see: (chunk) => {
      if (first.length < 5) first = Buffer.concat([first, chunk.subarray(0, 5)]);
    },
    demandWhole: () => {
      if (first.subarray(0, 5).toString('latin1') !== 'PGDMP')
        throw incomplete('pg_dump', 'its output is no archive');
    },
  };
}

/** Check of `pg_dumpall`, which says at its end that it is complete. */
export const rolesScript = (): FormatCheck =>
  closedBy('pg_dumpall', '\n-- PostgreSQL database cluster dump complete\n');
