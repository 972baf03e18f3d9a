import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import type { Standing } from '../../engine';
import { whenAborted } from '../../backup/race';
import { exitOfWords } from '../../database/refusal';
import { ask, plainEnvironment, ProgramFailed, start } from '../../process/program';
import { firstLines } from '../../restore/first-lines';
import { reasonOf, Stop } from '../../stop';
import { parseRestoreErrors } from '../prove/restore-errors';

/** A line for each entry and for each error. */
const KEPT_CHARACTERS = 16 * 1024 * 1024;

/** What `pg_restore` works with. */
export interface Work {
  /** Directory with the archive in it, of our own. */
  readonly directory: string;
  readonly file: string;
  /** Reaches the server as whoever restores. */
  readonly environment: Readonly<Record<string, string>>;
  readonly jobs: number;
  /** Restore without owners and grants. */
  readonly bare: boolean;
  readonly signal: AbortSignal;
}

/** Comments on extensions belong to whoever owns them, which on RDS is not whoever restores. */
const isForeign = (line: string): boolean => / COMMENT - EXTENSION /.test(line);

async function contents({ directory, file }: Work): Promise<string> {
  const listing = await ask('pg_restore', ['--list', file], { environment: plainEnvironment() });
  const path = join(directory, 'contents');
  const kept = listing.split('\n').filter((line) => !isForeign(line));
  await writeFile(path, kept.join('\n'), { mode: 0o600 });
  return path;
}

function failure(error: ProgramFailed, words: string): Stop {
  const lines = firstLines(parseRestoreErrors(words).map(({ message }) => `- ${message}`));
  const head = `The backup could not be restored: pg_restore ${error.ending}.`;
  return new Stop(
    exitOfWords(words),
    [head, ...(lines.length > 0 ? lines : [`- ${words.trim().split('\n').slice(-3).join(' ')}`])].join('\n'),
  );
}

/**
 * Runs `pg_restore` to its end. What stands there empty is filled in one transaction, so that a failure leaves it empty; that
 * takes one job.
 *
 * @throws Stop with every error that pg_restore had
 */
export async function runRestore(work: Work, database: string, standing: Standing): Promise<void> {
  const args = [
    `--dbname=${database}`,
    '--no-password',
    '--no-tablespaces',
    '--verbose',
    `--use-list=${await contents(work)}`,
    ...(standing === 'empty' ? ['--single-transaction'] : [`--jobs=${String(work.jobs)}`]),
    ...(work.bare ? ['--no-owner', '--no-privileges'] : []),
    work.file,
  ];
  const program = start('pg_restore', args, {
    environment: { ...work.environment, PGDATABASE: database },
    keptCharacters: KEPT_CHARACTERS,
  });
  program.stdin.on('error', () => undefined).end();
  program.stdout.resume();
  try {
    await Promise.race([program.done, whenAborted(work.signal)]);
  } catch (error) {
    await program.end();
    if (error instanceof ProgramFailed) throw failure(error, program.words());
    throw error instanceof Stop ? error : new Error(reasonOf(error), { cause: error });
  }
}
