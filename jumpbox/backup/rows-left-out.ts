import { EXIT } from '../../contract/exit-codes';
import { keyOf, type TableName } from '../prove/tables';
import { Stop } from '../stop';

/** A foreign key: rows of one table need those of another. */
export interface Reference {
  readonly from: TableName;
  readonly to: TableName;
}

/** `shop.log_*` as a test of names: `*` stands for any letters, everything else for itself. */
function matcher(pattern: string): (table: TableName) => boolean {
  const source = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  const whole = new RegExp(`^${source.join('[^]*')}$`);
  return ({ schema, table }) => whole.test(`${schema}.${table}`);
}

/**
 * The tables whose rows stay out of the backup. Patterns are taken in their order, and the last that fits decides; one that
 * begins with `!` takes tables back.
 *
 * @param references - foreign keys of the database
 * @throws Stop with `EXIT.usage` when rows of others would refer to rows that are not there
 */
export function chooseLeftOut(
  patterns: readonly string[],
  tables: readonly TableName[],
  references: readonly Reference[],
): TableName[] {
  const rules = patterns.map((pattern) => ({
    isOut: !pattern.startsWith('!'),
    fits: matcher(pattern.replace(/^!/, '')),
  }));
  const leftOut = tables.filter((table) => rules.findLast(({ fits }) => fits(table))?.isOut === true);
  const keys = new Set(leftOut.map(keyOf));
  const dangling = references.filter(({ from, to }) => keys.has(keyOf(to)) && !keys.has(keyOf(from)));
  if (dangling.length === 0) return leftOut;
  throw new Stop(
    EXIT.usage,
    [
      'Rows that the setting leaveOutRows names are needed by rows that it does not name; nothing was begun.',
      ...dangling.map(({ from, to }) => `- ${keyOf(from)} refers to ${keyOf(to)}`),
      'Name both of each line, or neither.',
    ].join('\n'),
  );
}

/** What a manifest says about it in words. */
export const leftOutWords = (tables: readonly TableName[]): string[] =>
  tables.length === 0 ? [] : [`rows, by the setting leaveOutRows: ${tables.map(keyOf).join(', ')}`];
