import { escapePath } from '../../contract/intake-path';
import { type Progress, reportingBytes } from '../progress';

/** Follows a dump: how much has flowed, how fast, and which table it is at. */
export class Watch {
  private table: string | undefined;
  /** Told as bytes flow. */
  readonly bytes: (plainBytes: number, storedBytes: number) => void;

  /** @param announce - is told the table whenever a line is said */
  constructor(progress: Progress, announce: (table: string) => void, now?: () => number) {
    const say = (line: string): void => {
      progress(this.table === undefined ? line : `${line}, in ${this.table}`);
      if (this.table !== undefined) announce(this.table);
    };
    this.bytes = reportingBytes(say, 'dumped', now);
  }

  /** From here on it is this table. Its name may hold anything; what is shown of it is safe on any terminal. */
  at(name: string): void {
    this.table = escapePath(Buffer.from(name));
  }
}
