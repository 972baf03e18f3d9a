import { EXIT } from '../../contract/exit-codes';
import type { Receipt } from '../../contract/intake-protocol';
import { RECEIPT_OBJECTS, receiptsPrefix, receiptStart } from '../../contract/keys';
import { Problem } from '../framework/problem';
import type { IntakeStore, ReceiptName } from './store';

/** A push that happened. */
export interface Found {
  readonly source: string;
  readonly name: ReceiptName;
  readonly receipt: Receipt;
}

/** Receipts that are read at a time. */
const AT_ONCE = 8;

/**
 * The newest pushes of some sources, the newest first.
 *
 * @param before - only pushes that began before this instant
 */
export async function newest(
  store: IntakeStore,
  sources: readonly string[],
  limit: number,
  before = new Date(8.64e15),
): Promise<Found[]> {
  const all: { source: string; name: string }[] = [];
  for (const source of sources)
    for (const name of await store.names(source)) {
      const start = receiptStart(name);
      if (start !== undefined && start < before) all.push({ source, name });
    }
  all.sort((one, other) => (one.name < other.name ? 1 : -1));
  const found: Found[] = [];
  for (let at = 0; at < all.length && found.length < limit; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    const receipts = await Promise.all(some.map(({ source, name }) => store.receipt(source, name)));
    for (const [index, receipt] of receipts.entries()) {
      const one = some[index];
      if (receipt !== undefined && one !== undefined) found.push({ ...one, receipt });
    }
  }
  return found.slice(0, limit);
}

const WHERE = '`drawbridge intake list` shows the receipts.';

/**
 * Finds one push by what people may call it: its name, with or without the source before it, or the whole key.
 *
 * @throws Problem when there is none
 */
export async function findReceipt(
  store: IntakeStore,
  sources: readonly string[],
  called: string,
): Promise<Found> {
  const words = called.replace(new RegExp(`/${RECEIPT_OBJECTS.receipt}$`), '').replace('/receipts/', '/');
  const [name = '', source] = words
    .replace(/^intake\//, '')
    .split('/')
    .reverse();
  if (receiptStart(name) === undefined)
    throw new Problem(
      EXIT.usage,
      `"${called}" is no name of a receipt such as 20261122T030000000Z_i-0123456789abcdef0.`,
      WHERE,
    );
  for (const one of source === undefined ? sources : sources.filter((known) => known === source)) {
    const receipt = await store.receipt(one, name);
    if (receipt !== undefined) return { source: one, name, receipt };
  }
  throw new Problem(
    EXIT.notFound,
    `There is no receipt ${receiptsPrefix(source ?? '<source>')}${name}.`,
    WHERE,
  );
}

/**
 * The push that made a source what it was at an instant: the newest that had ended by then.
 *
 * @throws Problem when nothing had been handed in by then
 */
export async function receiptAt(store: IntakeStore, source: string, at: Date): Promise<Found> {
  const names = await store.names(source);
  for (const name of names.reverse()) {
    const start = receiptStart(name);
    if (start === undefined || start > at) continue;
    const receipt = await store.receipt(source, name);
    if (receipt !== undefined && new Date(receipt.finishedAt) <= at) return { source, name, receipt };
  }
  throw new Problem(EXIT.notFound, `${source} had handed nothing in by ${at.toISOString()}.`, WHERE);
}
