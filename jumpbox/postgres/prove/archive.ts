import { into, type Take } from '../../process/pump';
import { type Program, ProgramFailed, start } from '../../process/program';
import { reasonOf } from '../../stop';
import { drain } from '../../process/pump';
import type { TableName } from '../../prove/tables';
import { withoutRows } from '../rows-left-out';
import { type DumpData, ScriptReader } from './script';
import { parseToc, type TocEntry } from './toc';

/** What an archive holds, read from its bytes as they pass. */
export interface ArchiveContents {
  readonly toc: readonly TocEntry[];
  readonly data: DumpData;
}

/** A reader of one archive. Give it every byte, then finish. */
export interface ArchiveReader {
  readonly take: Take;
  /** @throws ProgramFailed or Error when the bytes are no whole archive */
  finish(): Promise<ArchiveContents>;
  end(): Promise<void>;
}

/** Gives each chunk to several takers and waits for the slowest. */
export function toAll(takers: readonly Take[]): Take {
  return (chunk) => {
    const waits = takers.flatMap((take) => take(chunk) ?? []);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  };
}

async function collect(program: Program): Promise<string> {
  let text = '';
  program.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await program.done;
  return text;
}

/**
 * Reads an archive of `pg_dump -Fc` with the standard tool: its table of contents by `pg_restore --list`, its data by the
 * script of `pg_restore --data-only`. The same for the backup and for the dump of what it restored to.
 */
export function readArchive(environment: Readonly<Record<string, string>>): ArchiveReader {
  const list = start('pg_restore', ['--list'], { environment });
  const script = start('pg_restore', ['--data-only', '--file=-'], { environment });
  const [listing, reader] = [collect(list), new ScriptReader()];
  listing.catch(() => undefined);
  const reading = drain(script.stdout, (chunk) => {
    reader.read(chunk);
    return undefined;
  });
  reading.catch(() => undefined);
  const sinks = [into(list.stdin), into(script.stdin)];
  return {
    take: toAll(sinks.map((sink) => sink.take)),
    finish: async () => {
      for (const sink of sinks) sink.finish();
      const toc = parseToc(await listing);
      await script.done;
      await reading;
      return { toc, data: reader.finish() };
    },
    end: async () => {
      await Promise.all([list.end(), script.end()]);
    },
  };
}

/** Words of an archive that cannot be read. */
export const unreadable = (error: unknown): string =>
  error instanceof ProgramFailed ? error.message : `the archive cannot be read: ${reasonOf(error)}`;

/** Dumps a database, as the backup was dumped, and reads what the dump holds. */
export async function readDumpOf(
  environment: Readonly<Record<string, string>>,
  rowsLeftOut: readonly TableName[],
): Promise<ArchiveContents> {
  const reader = readArchive(environment);
  const args = ['--format=custom', '--compress=0', '--no-password', ...withoutRows(rowsLeftOut)];
  const dump = start('pg_dump', args, { environment });
  dump.stdin.on('error', () => undefined).end();
  try {
    await drain(dump.stdout, reader.take);
    await dump.done;
    return await reader.finish();
  } finally {
    await Promise.all([dump.end(), reader.end()]);
  }
}

/** The encoding that a dump's first entry names: `SET client_encoding = 'UTF8';`. */
export function encodingOf(head: Buffer): string {
  return /SET client_encoding = '([^']+)'/.exec(head.toString('latin1'))?.[1] ?? 'UTF8';
}

/** Runs SQL that arrives in pieces through psql, and tells the errors that it passed over. */
export async function runScript(
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<string[]> {
  const psql = start('psql', ['-X', '-q', '-o', '/dev/null', '-d', 'postgres', '-f', '-'], { environment });
  psql.stdin.on('error', () => undefined).end(script);
  psql.stdout.resume();
  await psql.done;
  return psql
    .words()
    .split('\n')
    .flatMap((line) => /ERROR: {2}(.*)$/.exec(line)?.[1] ?? []);
}
