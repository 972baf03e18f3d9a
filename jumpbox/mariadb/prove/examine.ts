import type { Manifest } from '../../../contract/manifest';
import { whenAborted } from '../../backup/race';
import type { Finding, Store } from '../../engine';
import { start } from '../../process/program';
import { drain } from '../../process/pump';
import { comparedTables, nothingCompared } from '../../prove/finding';
import { demandServer } from '../../prove/trouble';
import type { Context } from '../../run';
import { reasonOf } from '../../stop';
import { type DumpContents, DumpReader } from '../dump-reader';
import { withoutRows } from '../rows-left-out';
import { DUMP_ARGUMENTS } from '../session';
import { compareContents } from './compare';
import { restoreBackup } from './restore';
import { type ScratchServer, withScratchServer } from './scratch';

/**
 * Dumps the restored database as the backup was dumped, and reads what the dump holds. What cannot be dumped (a view whose table
 * is not there) was not restored as it should be.
 */
async function readDumpOf(
  server: ScratchServer,
  { database, rowsLeftOut = [] }: Manifest,
): Promise<DumpContents | { readonly problem: string }> {
  const { args, environment } = server.reach;
  const dump = start('mariadb-dump', [...args, ...DUMP_ARGUMENTS, ...withoutRows(rowsLeftOut), database], {
    environment,
  });
  dump.stdin.on('error', () => undefined).end();
  const reader = new DumpReader(database, 'digest');
  try {
    await drain(dump.stdout, (chunk) => {
      reader.read(chunk);
      return undefined;
    });
    await dump.done;
    return reader.finish();
  } catch (error) {
    demandServer(`${dump.words()}\n${server.words()}`);
    return { problem: reasonOf(error) };
  } finally {
    await dump.end();
  }
}

async function compare(
  context: Context,
  store: Store,
  manifest: Manifest,
  server: ScratchServer,
): Promise<Finding> {
  const interrupted = [whenAborted(context.signal), server.lost];
  context.progress(`restoring into a scratch server (${server.version})`);
  const restored = await restoreBackup(store, manifest, server, interrupted);
  if ('differences' in restored) return nothingCompared(restored.differences, server.version);
  const { archive, errors, exceptions } = restored;
  context.progress(`restored; dumping the scratch database to compare ${String(archive.tables.size)} tables`);
  const again = await Promise.race([readDumpOf(server, manifest), ...interrupted]);
  const found =
    'problem' in again
      ? [{ what: 'dump of what was restored', expected: 'no error', found: again.problem }]
      : compareContents(manifest.tables, archive, again);
  return comparedTables(
    {
      exceptions: [...exceptions],
      differences: [...errors, ...found],
      scratchServerVersion: server.version,
    },
    archive.tables,
  );
}

/** See `Engine.examine`. */
export const examine = (context: Context, store: Store, manifest: Manifest): Promise<Finding> =>
  withScratchServer(context.settings.scratchDirectory, (server) => compare(context, store, manifest, server));
