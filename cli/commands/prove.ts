import { EXIT } from '../../contract/exit-codes';
import type { Proof } from '../../contract/manifest';
import type { Command } from '../framework/command';

/** What the program of the box says. */
interface Proven {
  readonly prefix: string;
  readonly key: string;
  readonly outcome: Proof['outcome'];
  readonly exceptions: readonly string[];
  readonly differences: Proof['differences'];
  readonly tablesCompared: number;
  readonly rowsCompared: number;
  readonly seconds: number;
}

/** `drawbridge prove` */
export const prove: Command<{ readonly identity?: string }> = {
  name: 'prove',
  summary: 'restore a backup into a scratch database on a box, compare, and record what was found',
  examples: [
    [
      'drawbridge prove app/20261122T030000000Z_i-0123456789abcdef0',
      'again, also when it was proven before; exit code 3 when it does not restore',
    ],
  ],
  configure: (parser) => {
    parser
      .argument('<id>', 'the backup, as `drawbridge backups` names it')
      .option('--identity <file>', 'of an encrypted backup: the file of your secret key, which stays here');
  },
  run: async (context, { identity }, [id = '']) => {
    const { prefixOf, idOf } = await import('../backups/id');
    const prefix = prefixOf(id);
    const { findStack, output } = await import('../aws/stack');
    const { withCatalog } = await import('../backups/catalog');
    const { onBox } = await import('../backups/on-box');
    const stack = await findStack(context);
    const handingOver = () => import('../backups/hand-over');
    const { found, keys } = await withCatalog(context, stack, async (catalog) => {
      const one = await catalog.find(prefix);
      const { manifest } = await catalog.details(one);
      // What is wrong with a manifest is for the proof to find and to record.
      return {
        found: one,
        keys: manifest?.encryption && (await (await handingOver()).keysOf(catalog, one, manifest, identity)),
      };
    });
    const box = { purpose: 'backup', reason: `proof of ${idOf(prefix)}` } as const;
    const proven = await onBox(context, stack, box, async (run) => {
      const parameters = {
        database: found.database,
        prefix,
        keys: keys && (await (await handingOver()).handOver(run, stack, found, keys)),
      };
      const document = output(stack, 'proveDocument');
      return (await run({ document, parameters, title: `Proving ${idOf(prefix)}` })) as Proven;
    });
    const { outcome, exceptions, differences, tablesCompared, rowsCompared } = proven;
    const lines = [
      `${idOf(prefix)}: ${outcome}; ${tablesCompared} tables and ${rowsCompared} rows compared`,
      ...exceptions.map((name) => `  except ${name}`),
      ...differences.map(
        ({ what, expected, found }) => `  DIFFERENT ${what}: expected ${expected}, found ${found}`,
      ),
    ];
    context.ui.result(proven, lines.join('\n'));
    return outcome === 'failed' ? EXIT.notProven : EXIT.ok;
  },
};
