import { inBytes } from '../../contract/bytes';
import type { Context } from '../framework/command';
import { table } from '../framework/ui';
import type { Found } from './find';
import type { IntakeStore } from './store';
import { shown } from './shown';

const callOf = ({ source, name }: Found): string => `${source}/${name}`;
const byWhom = ({ receipt }: Found): string => `${receipt.by}: ${shown(receipt.client)}`;

/** Pushes, one a line. */
export function printList(context: Context, found: readonly Found[]): void {
  const rows = found.map((one) => {
    const { finishedAt, files, unchanged, refused, flagged, bytes } = one.receipt;
    const counts = [files, unchanged, refused, flagged].map(String);
    return [finishedAt, callOf(one), byWhom(one), ...counts, inBytes(bytes)];
  });
  const headings = ['WHEN', 'RECEIPT', 'BY', 'FILES', 'UNCHANGED', 'REFUSED', 'FLAGGED', 'SIZE'];
  context.ui.result(
    found.map(({ name, receipt }) => ({ name, ...receipt })),
    rows.length === 0 ? 'Nothing was handed in.' : table(headings, rows),
  );
}

/** One push: who, when, through which box, what was refused and why. */
export async function printReceipt(context: Context, store: IntakeStore, found: Found): Promise<void> {
  const { receipt } = found;
  const refusals: { path: string; reason: string }[] = [];
  for await (const line of store.list(found.source, found.name, receipt))
    if ('refused' in line) refusals.push({ path: line.path, reason: line.refused });
  const rows = [
    ['receipt', callOf(found)],
    [
      'by',
      `${byWhom(found)} (as it calls itself; \`drawbridge audit\` shows which principal opened a session)`,
    ],
    ['through', receipt.box],
    ['from', receipt.startedAt],
    ['to', receipt.finishedAt],
    ['files', `${receipt.files}, ${inBytes(receipt.bytes)}; ${receipt.unchanged} of them unchanged`],
    ['received', inBytes(receipt.receivedBytes)],
    ['refused', String(receipt.refused)],
    ['flagged', String(receipt.flagged)],
  ];
  const named = (
    title: string,
    all: readonly { path: string; reason: string }[],
    total: number,
  ): string[] => [
    ...(all.length === 0 ? [] : ['', title]),
    ...all.map(({ path, reason }) => `  ${shown(path)}: ${shown(reason)}`),
    ...(total > all.length && all.length > 0 ? [`  … and ${total - all.length} more`] : []),
  ];
  const text = [
    table([], rows),
    ...named('Refused:', refusals, receipt.refused),
    ...named('Flagged:', receipt.flags, receipt.flagged),
  ].join('\n');
  context.ui.result({ name: found.name, ...receipt, refusals }, text);
}

/** The files of a push, one a line, however many. */
export async function printFiles(context: Context, store: IntakeStore, found: Found): Promise<void> {
  for await (const line of store.list(found.source, found.name, found.receipt)) {
    context.interrupted.throwIfAborted();
    if ('refused' in line) continue;
    const modified = line.modified === undefined ? '' : new Date(line.modified * 1000).toISOString();
    context.ui.event(
      line,
      `${inBytes(line.bytes).padStart(10)}  ${modified.padEnd(24)}  ${shown(line.path)}`,
    );
  }
}
