import { inBytes } from '../../contract/bytes';
import { EXIT } from '../../contract/exit-codes';
import { findStack } from '../aws/stack';
import type { Context } from '../framework/command';
import { span } from '../framework/time';
import { table } from '../framework/ui';
import { type Catalog, type Found, withCatalog } from './catalog';
import { askRetention, type Decision } from './retention';

/** Backups looked into at a time. */
const AT_ONCE = 8;

const DAY_MS = 86_400_000;

/** `5 h 20 min`, or days from two on. */
const age = (since: Date): string => {
  const milliseconds = Date.now() - since.getTime();
  return milliseconds < 2 * DAY_MS ? span(milliseconds) : `${Math.floor(milliseconds / DAY_MS)} days`;
};

async function describe(catalog: Catalog, found: Found, decision: Decision | undefined) {
  const { manifest, problem, outcome } = await catalog.details(found);
  const { id, prefix, database, startedAt, bytes } = found;
  return {
    id,
    prefix,
    database,
    startedAt: startedAt.toISOString(),
    storedBytes: bytes,
    plainBytes: manifest?.data.plainBytes ?? null,
    tables: manifest?.tables.length ?? null,
    proof: problem === undefined ? outcome : 'altered',
    keep: decision?.keep ?? null,
    class: decision === undefined ? 'unknown' : decision.keep ? decision.reasons.join(', ') : 'may expire',
  };
}

/** Prints the newest backups. */
export async function listBackups(
  context: Context,
  { limit, database }: { readonly limit: number; readonly database?: string },
): Promise<number> {
  const stack = await findStack(context);
  const [listed, all] = await context.ui.step('Looking into the bucket', () =>
    withCatalog(context, stack, async (catalog) => {
      const found = await catalog.list(database);
      const { decisions } = await askRetention(context, stack);
      const byPrefix = new Map(decisions.map((decision) => [decision.prefix, decision]));
      const described: Awaited<ReturnType<typeof describe>>[] = [];
      const newest = found.slice(0, limit);
      for (let at = 0; at < newest.length; at += AT_ONCE)
        described.push(
          ...(await Promise.all(
            newest.slice(at, at + AT_ONCE).map((one) => describe(catalog, one, byPrefix.get(one.prefix))),
          )),
        );
      return [described, found.length] as const;
    }),
  );
  const rows = listed.map((one) => [
    one.id,
    age(new Date(one.startedAt)),
    inBytes(one.storedBytes),
    one.proof,
    one.class,
  ]);
  const more = all > listed.length ? `\n${all - listed.length} older ones: --limit ${all} shows them.` : '';
  const text =
    rows.length === 0
      ? 'There is no backup.'
      : `${table(['BACKUP', 'AGE', 'SIZE', 'PROOF', 'KEPT AS'], rows)}${more}`;
  context.ui.result(listed, text);
  return EXIT.ok;
}
