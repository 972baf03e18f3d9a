import type { Difference, Manifest } from '../../../contract/manifest';
import type { Store } from '../../engine';
import { type Program, ProgramFailed, start } from '../../process/program';
import { into, type Take } from '../../process/pump';
import { type ArchiveContents, encodingOf, readArchive, runScript, toAll, unreadable } from './archive';
import { ignoredErrors, judgeErrors, parseRestoreErrors, type Verdict } from './restore-errors';
import { readStored } from '../../prove/stored';
import { demandServer } from '../../prove/trouble';
import type { ScratchServer } from './scratch';
import { extensionsOf } from './toc';

/** Only when it is verbose does pg_restore say which entry an error belongs to. */
const RESTORE_ARGUMENTS = ['--dbname=restored', '--no-tablespaces', '--no-password', '--verbose'];

/** A line for each entry and for each error. */
const KEPT_CHARACTERS = 16 * 1024 * 1024;

/** What came of restoring: either the objects are not what the manifest says, or this is what they hold. */
export type Restored =
  | { readonly differences: readonly Difference[] }
  | { readonly archive: ArchiveContents; readonly verdict: Verdict };

/** Creates the roles. Those that only RDS has, and what they may, are exceptions. */
async function restoreRoles(
  store: Store,
  manifest: Manifest,
  server: ScratchServer,
  interrupted: readonly Promise<never>[],
): Promise<{ readonly exceptions: string[]; readonly differences: Difference[] }> {
  const pieces: Buffer[] = [];
  const take: Take = (chunk) => void pieces.push(chunk);
  const differences = await readStored(store, manifest.roles, take, interrupted);
  if (differences.length > 0) return { exceptions: [], differences };
  const environment = { ...server.environment, PGDATABASE: 'postgres' };
  const errors = await runScript(Buffer.concat(pieces).toString('utf8'), environment);
  const ofRds = (message: string): boolean => /"?rds[a-z_]*"?/.test(message);
  return {
    exceptions: errors.filter(ofRds).map((message) => `role: ${message}`),
    differences: errors
      .filter((message) => !ofRds(message))
      .map((found) => ({ what: 'roles', expected: 'no error', found })),
  };
}

async function restoreErrors(
  restore: Program,
): Promise<{ readonly words: string; readonly ending: string | undefined }> {
  const ending = await restore.done.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof ProgramFailed) return error.ending;
      throw error;
    },
  );
  demandServer(restore.words());
  return { words: restore.words(), ending };
}

/** Starts the restore when the first bytes have told the encoding that the database must have. */
function restoreInto(server: ScratchServer): {
  readonly take: Take;
  finish(): Promise<Program>;
  end(): Promise<void>;
} {
  let begun: { readonly program: Program; readonly sink: ReturnType<typeof into> } | undefined;
  const begin = async (head: Buffer): Promise<void> => {
    await server.createDatabase(encodingOf(head));
    const program = start('pg_restore', RESTORE_ARGUMENTS, {
      environment: server.environment,
      keptCharacters: KEPT_CHARACTERS,
    });
    program.stdout.resume();
    begun = { program, sink: into(program.stdin) };
    await begun.sink.take(head);
  };
  return {
    take: (chunk) => (begun === undefined ? begin(chunk) : begun.sink.take(chunk)),
    finish: async () => {
      if (begun === undefined) await begin(Buffer.alloc(0));
      begun?.sink.finish();
      if (begun === undefined) throw new Error('the restore was not begun');
      return begun.program;
    },
    end: async () => {
      await begun?.program.end();
    },
  };
}

function judge(
  words: string,
  ending: string | undefined,
  archive: ArchiveContents,
  server: ScratchServer,
  fromRoles: readonly string[],
): Verdict {
  const errors = parseRestoreErrors(words);
  const missing = extensionsOf(archive.toc).filter((name) => !server.extensions.has(name));
  const verdict = judgeErrors(errors, archive.toc, missing);
  const [told, read] = [ignoredErrors(words), errors.length];
  const unexplained = ending !== undefined && (read === 0 || told > read);
  const found = `${ending ?? ''}, ${String(told)} errors, of which ${String(read)} were understood`;
  const differences = unexplained
    ? [...verdict.differences, { what: 'restore', expected: 'no error', found }]
    : verdict.differences;
  return { ...verdict, differences, exceptions: [...fromRoles, ...verdict.exceptions] };
}

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
  const roles = await restoreRoles(store, manifest, server, interrupted);
  if (roles.differences.length > 0) return { differences: roles.differences };
  const reader = readArchive(server.environment);
  const restore = restoreInto(server);
  try {
    const differences = await readStored(
      store,
      manifest.data,
      toAll([restore.take, reader.take]),
      interrupted,
    );
    if (differences.length > 0) return { differences };
    const program = await restore.finish();
    const contents = await reader.finish().catch((error: unknown) => ({ error }));
    const { words, ending } = await Promise.race([restoreErrors(program), ...interrupted]);
    if ('error' in contents) {
      return {
        differences: [{ what: manifest.data.key, expected: 'an archive', found: unreadable(contents.error) }],
      };
    }
    return { archive: contents, verdict: judge(words, ending, contents, server, roles.exceptions) };
  } finally {
    await Promise.all([reader.end(), restore.end()]);
  }
}
