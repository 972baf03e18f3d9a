import { EXIT } from '../../contract/exit-codes';
import { Stop } from '../stop';

/** Watches the first and last bytes that a dump program writes, and judges whether it wrote all. */
export interface FormatCheck {
  see(chunk: Buffer): void;
  /** @throws Stop when what was seen is no whole dump */
  demandWhole(): void;
}

const incomplete = (program: string, why: string): Stop =>
  new Stop(EXIT.failed, `${program} exited without an error, but ${why}: nothing was committed.`);

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
export function rolesScript(): FormatCheck {
  let last = Buffer.alloc(0);
  return {
    see: (chunk) => {
      last = Buffer.concat([last, chunk]).subarray(-1024);
    },
    demandWhole: () => {
      if (last.includes('\n-- PostgreSQL database cluster dump complete\n')) return;
      throw incomplete('pg_dumpall', 'its closing line is missing');
    },
  };
}
