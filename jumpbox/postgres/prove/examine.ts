import type { Manifest } from '../../../contract/manifest';
import { whenAborted } from '../../backup/race';
import type { Finding, Store } from '../../engine';
import { comparedTables, nothingCompared } from '../../prove/finding';
import type { Context } from '../../run';
import { readDumpOf } from './archive';
import { compareContents } from './compare';
import { restoreBackup } from './restore';
import { type ScratchServer, withScratchServer } from './scratch';

/** Restores, dumps what was restored, and compares the two dumps with each other and with the manifest. */
async function compare(
  context: Context,
  store: Store,
  manifest: Manifest,
  server: ScratchServer,
): Promise<Finding> {
  const interrupted = [whenAborted(context.signal), server.lost];
  context.progress(`restoring into a scratch server (PostgreSQL ${server.version})`);
  const restored = await restoreBackup(store, manifest, server, interrupted);
  if ('differences' in restored) return nothingCompared(restored.differences, server.version);
  const { archive, verdict } = restored;
  const { tables } = archive.data;
  context.progress(`restored; dumping the scratch database to compare ${String(tables.size)} tables`);
  const again = await Promise.race([
    readDumpOf(server.environment, manifest.rowsLeftOut ?? []),
    ...interrupted,
  ]);
  const compared = compareContents(manifest.tables, archive, again, verdict.excepted);
  return comparedTables(
    {
      exceptions: [...verdict.exceptions],
      differences: [...verdict.differences, ...compared],
      scratchServerVersion: server.version,
    },
    tables,
  );
}

/** See `Engine.examine`. */
export const examine = (context: Context, store: Store, manifest: Manifest): Promise<Finding> =>
  withScratchServer(context.settings.scratchDirectory, (server) => compare(context, store, manifest, server));
