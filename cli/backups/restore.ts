import { createInterface } from 'node:readline/promises';
import { inBytes } from '../../contract/bytes';
import { EXIT } from '../../contract/exit-codes';
import type { HandedKeys } from '../../contract/handed-keys';
import type { Manifest } from '../../contract/manifest';
import { restoredName, type RestoreResult } from '../../contract/restore';
import { findStack, output, type Stack } from '../aws/stack';
import type { RestoreOptions } from '../commands/restore';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { type Catalog, demandManifest, type Details, type Found, withCatalog } from './catalog';
import { prefixOf } from './id';
import { onBox } from './on-box';

interface Chosen {
  readonly found: Found;
  readonly manifest: Manifest;
  readonly outcome: Details['outcome'];
  readonly keys: HandedKeys | undefined;
}

async function choose(
  catalog: Catalog,
  stack: Stack,
  { at, database, identity }: RestoreOptions,
  id: string | undefined,
): Promise<Chosen> {
  if ((id === undefined) === (at === undefined))
    throw new Problem(
      EXIT.usage,
      id === undefined ? 'Which backup? None is named.' : 'Name a backup or say --at, not both.',
      '`drawbridge backups` lists them; --at 2026-11-22 takes the newest of that day or before.',
    );
  const found = await (id === undefined
    ? catalog.findAt(database ?? output(stack, 'databaseName'), at ?? new Date())
    : catalog.find(prefixOf(id)));
  const details = await catalog.details(found);
  const manifest = demandManifest(found, details, 'Nothing was begun. Choose another backup.');
  const keys =
    manifest.encryption && (await (await import('./hand-over')).keysOf(catalog, found, manifest, identity));
  return { found, manifest, outcome: details.outcome, keys };
}

/** Asks whoever sits there; where nobody does, --yes has to be said. */
async function confirm(context: Context, question: string): Promise<void> {
  if (!context.ui.isInteractive || !context.stdin.isTTY)
    throw new Problem(EXIT.usage, `${question}: nobody is there to be asked.`, 'Say --yes.');
  const line = createInterface({ input: context.stdin, output: context.stderr });
  try {
    const answer = await line.question(`${question}? [y/N] `, { signal: context.interrupted });
    if (!/^y(es)?$/i.test(answer.trim())) throw new Problem(EXIT.interrupted, 'Nothing was done.');
  } finally {
    line.close();
  }
}

/** Restores on a box of its own. */
export async function runRestore(
  context: Context,
  options: RestoreOptions,
  id: string | undefined,
): Promise<number> {
  const stack = await findStack(context);
  const { found, manifest, outcome, keys } = await withCatalog(context, stack, (catalog) =>
    choose(catalog, stack, options, id),
  );
  const into = options.into ?? restoredName(found.database, new Date());
  if (options.over !== undefined && options.over !== into)
    throw new Problem(
      EXIT.usage,
      `--over ${options.over} is not the database that is restored into (${into}).`,
      'Nothing was begun.',
    );
  const bytes = inBytes(manifest.data.plainBytes);
  const over =
    options.over === undefined ? '' : `, in the place of what is there, which is kept under another name`;
  if (options.yes !== true)
    await confirm(
      context,
      `Restore ${found.id} (${bytes}, ${outcome}) into ${into} on ${output(stack, 'databaseEndpoint')}${over}`,
    );
  const box = { purpose: 'restore', reason: `restore of ${found.id}` } as const;
  const result = await onBox(context, stack, box, async (run) => {
    const parameters = {
      database: found.database,
      prefix: found.prefix,
      into,
      over: options.over,
      jobs: options.jobs?.toString(),
      roles: options.roles,
      keys: keys && (await (await import('./hand-over')).handOver(run, stack, found, keys)),
    };
    const document = output(stack, 'restoreDocument');
    return (await run({ document, parameters, title: `Restoring ${bytes} into ${into}` })) as RestoreResult;
  }).catch((error: unknown) => {
    if (!context.interrupted.aborted) throw error;
    throw new Problem(
      EXIT.interrupted,
      `Interrupted; the box is closed. A database that was being made may be half there: look for ${into}.`,
    );
  });
  const { database, tables, rows, seconds, replaced, notes } = result;
  const lines = [
    `${database}: ${tables} tables with ${rows} rows, as many as were backed up, in ${seconds.toFixed(0)} s`,
    ...(replaced === null ? [] : [`What stood there is now ${replaced}.`]),
    ...notes.map((note) => `Otherwise than in the backup: ${note}`),
    `To look at it: drawbridge connect ${database}`,
  ];
  context.ui.result(result, lines.join('\n'));
  return EXIT.ok;
}
