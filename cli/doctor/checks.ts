import { EXIT } from '../../contract/exit-codes';
import type { Context } from '../framework/command';
import { explain } from '../framework/explain';
import { Problem } from '../framework/problem';

/** How one check ended. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'broken' | 'skipped';
  readonly message: string;
  /** What to do. */
  readonly next?: string;
}

/** Looks at things in turn; what needs something broken is skipped. */
export class Checks {
  readonly findings: Finding[] = [];

  constructor(private readonly context: Context) {}

  /** Whether nothing is broken. */
  get isWell(): boolean {
    return this.findings.every(({ status }) => status !== 'broken');
  }

  /**
   * Looks at one thing.
   *
   * @param needs - what earlier checks have found; where something is missing, this one is skipped
   * @returns what was found; undefined when it is broken or was skipped
   */
  async look<Needs extends readonly unknown[], T>(
    check: string,
    needs: Needs,
    work: (...needs: Present<Needs>) => Promise<{ readonly message: string; readonly found: T }>,
  ): Promise<T | undefined> {
    if (needs.includes(undefined)) {
      this.findings.push({ check, status: 'skipped', message: 'something before it is missing' });
      return undefined;
    }
    try {
      const { message, found } = await this.context.ui.step(`Looking at ${check}`, () =>
        work(...(needs as unknown as Present<Needs>)),
      );
      this.findings.push({ check, status: 'ok', message });
      return found;
    } catch (error) {
      const problem = error instanceof Skip ? undefined : explain(error, this.context);
      this.findings.push({
        check,
        status: problem === undefined ? 'skipped' : 'broken',
        message: error instanceof Error && problem === undefined ? error.message : (problem?.message ?? ''),
        ...(problem?.next === undefined ? {} : { next: problem.next }),
      });
      return undefined;
    }
  }
}

/** The same list, with nothing undefined in it. */
type Present<T extends readonly unknown[]> = { [K in keyof T]: Exclude<T[K], undefined> };

/** There is nothing to look at. */
export class Skip extends Error {
  override readonly name = 'Skip';
}

/** Something that is wrong although no call has failed. */
export const broken = (message: string, next: string): Problem => new Problem(EXIT.failed, message, next);
