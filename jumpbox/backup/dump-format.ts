import { EXIT } from '../../contract/exit-codes';
import { Stop } from '../stop';

/** Watches the bytes that a dump program writes, and judges whether it wrote all. */
export interface FormatCheck {
  see(chunk: Buffer): void;
  /** @throws Stop when what was seen is no whole dump */
  demandWhole(): void;
}

/** What a check throws: the program claims success, and its output says otherwise. */
export const incomplete = (program: string, why: string): Stop =>
  new Stop(EXIT.failed, `${program} exited without an error, but ${why}: nothing was committed.`);

/**
 * Check of a text that says at its end that it is complete.
 *
 * @param closing - what the last bytes must hold
 */
export function closedBy(program: string, closing: string): FormatCheck {
  let last = Buffer.alloc(0);
  return {
    see: (chunk) => {
      last = Buffer.concat([last, chunk.subarray(-1024)]).subarray(-1024);
    },
    demandWhole: () => {
      if (!last.includes(closing)) throw incomplete(program, 'its closing line is missing');
    },
  };
}
