import type { Difference, Manifest } from '../../../contract/manifest';
import type { Store } from '../../engine';
import { start } from '../../process/program';
import { into, type Take } from '../../process/pump';
import { readStored } from '../../prove/stored';
import { demandServer, noRoom, scratchStop } from '../../prove/trouble';
import { reasonOf } from '../../stop';
import { type DumpContents, DumpReader } from '../dump-reader';
import type { ScratchServer } from './scratch';

/** A line for each error. */
const KEPT_CHARACTERS = 16 * 1024 * 1024;

/** What came of restoring: either the objects are not what the manifest says, or this is what they hold. */
export type Restored =
  | { readonly differences: readonly Difference[] }
  | {
      readonly archive: DumpContents;
      readonly exceptions: readonly string[];
      readonly errors: readonly Difference[];
    };

/** Errors of the client, which goes on after each: `ERROR 1064 (42000) at line 12: …`. */
const errorsIn = (words: string): string[] => words.split('\n').filter((line) => line.startsWith('ERROR '));

/**
 * Runs SQL that arrives in pieces through the client, which goes on after an error.
 *
 * @returns its errors, when it has been told that it was all
 */
function clientFor(server: ScratchServer, database: string) {
  const args = [...server.reach.args, '--force', `--database=${database}`];
  const program = start('mariadb', args, {
    environment: server.reach.environment,
    keptCharacters: KEPT_CHARACTERS,
  });
  program.stdout.resume();
  const sink = into(program.stdin);
  const finish = async (): Promise<string[]> => {
    sink.finish();
    const ending = await program.done.then(() => undefined, reasonOf);
    demandServer(program.words());
    if (noRoom(server.words())) throw scratchStop('The restore was cut short', server.words());
    const errors = errorsIn(program.words());
    // Whatever it says of itself counts: an exit code without an error is one too.
    return ending !== undefined && errors.length === 0 ? [ending] : errors;
  };
  return { take: sink.take, finish, end: () => program.end() };
}

/** Reads while it is restored; what cannot be read is told at the end, as a difference. */
function readerFor(database: string) {
  const reader = new DumpReader(database, 'digest');
  let problem: string | undefined;
  const attempt = <T>(act: () => T): T | undefined => {
    try {
      return problem === undefined ? act() : undefined;
    } catch (error) {
      problem = reasonOf(error);
      return undefined;
    }
  };
  return {
    read: (chunk: Buffer) => {
      attempt(() => {
        reader.read(chunk);
      });
    },
    finish: (): DumpContents | { readonly problem: string } =>
      attempt(() => reader.finish()) ?? { problem: problem ?? 'nothing was read' },
  };
}

async function restoreAccounts(
  store: Store,
  manifest: Manifest,
  server: ScratchServer,
  interrupted: readonly Promise<never>[],
): Promise<readonly Difference[]> {
  const client = clientFor(server, manifest.database);
  try {
    const differences = await readStored(store, manifest.roles, client.take, interrupted);
    if (differences.length > 0) return differences;
    const errors = await Promise.race([client.finish(), ...interrupted]);
    return errors.map((found) => ({ what: 'accounts', expected: 'no error', found }));
  } finally {
    await client.end();
  }
}

/** What lies in other databases is theirs: a view that reads one cannot be made without it. */
const concernsAnother = (error: string, database: string): boolean => {
  const [, other] =
    /Unknown database '([^']+)'|Table '([^'.]+)\.[^']+' doesn't exist/.exec(error)?.filter(Boolean) ?? [];
  return other !== undefined && other !== database;
};

/**
 * Restores a backup into a scratch server, reading the stored objects once: what is hashed is what is restored is what is read.
 *
 * @throws Stop when the proof cannot be carried out: S3, the scratch server, a full disk
 */
export async function restoreBackup(
  store: Store,
  manifest: Manifest,
  server: ScratchServer,
  interrupted: readonly Promise<never>[],
): Promise<Restored> {
  const { database, data } = manifest;
  await server.createDatabase(database, manifest.collation);
  const [client, reader] = [clientFor(server, database), readerFor(database)];
  const take: Take = (chunk) => {
    reader.read(chunk);
    return client.take(chunk);
  };
  try {
    const differences = await readStored(store, data, take, interrupted);
    if (differences.length > 0) return { differences };
    const errors = await Promise.race([client.finish(), ...interrupted]);
    const archive = reader.finish();
    if ('problem' in archive)
      return { differences: [{ what: data.key, expected: 'a dump', found: archive.problem }] };
    const accounts = await restoreAccounts(store, manifest, server, interrupted);
    const exceptions = errors.filter((error) => concernsAnother(error, database));
    const others = errors.filter((error) => !concernsAnother(error, database));
    const restoring = others.map((found) => ({ what: 'restore', expected: 'no error', found }));
    return { archive, exceptions, errors: [...restoring, ...accounts] };
  } finally {
    await client.end();
  }
}
