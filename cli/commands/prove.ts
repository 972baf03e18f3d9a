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
export const prove: Command = {
  name: 'prove',
  summary: 'restore a backup into a scratch database on a box, compare, and record what was found',
  examples: [
    [
      'drawbridge prove app/20261122T030000000Z_i-0123456789abcdef0',
      'again, also when it was proven before; exit code 3 when it does not restore',
    ],
  ],
  configure: (parser) => {
    parser.argument('<id>', 'the backup, as `drawbridge backups` names it');
  },
  run: async (context, _options, [id = '']) => {
    const { prefixOf, idOf } = await import('../backups/id');
    const prefix = prefixOf(id);
    const { findStack, output } = await import('../aws/stack');
    const { withCatalog } = await import('../backups/catalog');
    const { onBox } = await import('../backups/on-box');
    const stack = await findStack(context);
    const { database } = await withCatalog(context, stack, (catalog) => catalog.find(prefix));
    const proven = await onBox<Proven>(context, stack, {
      purpose: 'backup',
      reason: `proof of ${idOf(prefix)}`,
      document: output(stack, 'proveDocument'),
      parameters: { database, prefix },
      title: `Proving ${idOf(prefix)}`,
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
