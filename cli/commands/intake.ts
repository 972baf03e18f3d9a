import { inBytes } from '../../contract/bytes';
import { EXIT } from '../../contract/exit-codes';
import type { Command, Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { wholeNumber } from '../framework/words';
import type { IntakeStore } from '../intake/store';
import { instant } from '../intake/words';

interface Options {
  readonly limit: number;
  readonly before?: Date;
  readonly files?: boolean;
  readonly at?: Date;
  readonly out?: string;
}

const ACTIONS = 'list [source], show <receipt> or fetch <source> [path…]';

/** `drawbridge intake` */
export const intake: Command<Options> = {
  name: 'intake',
  summary: 'show what machines have handed in, what was refused and why; fetch it',
  examples: [
    ['drawbridge intake list', 'the newest receipts of every source'],
    ['drawbridge intake show web/20261122T021500000Z_i-0123456789abcdef0', 'one of them, with every refusal'],
    [
      'drawbridge intake fetch web /etc/nginx --at 2026-11-20 --out nginx',
      'a folder as it was at the end of a day',
    ],
  ],
  configure: (parser) => {
    parser
      .argument('<what>', ACTIONS)
      .argument('[words...]')
      .option('--limit <receipts>', 'list: how many', wholeNumber(1, 100_000, 'receipts'), 20)
      .option('--before <instant>', 'list: what began before; for the next page', instant)
      .option('--files', 'show: every file, one a line')
      .option('--at <instant>', 'fetch: the state at a day or instant (now, when left out)', instant)
      .option('--out <directory>', 'fetch: where to; a new directory');
  },
  run: async (context, options, [what = '', ...words]) => {
    const action = new Map([
      ['list', list],
      ['show', show],
      ['fetch', fetch],
    ]).get(what);
    if (action === undefined)
      throw new Problem(EXIT.usage, `There is no \`intake ${what}\`.`, `Accepted: ${ACTIONS}.`);
    const { findStack, output } = await import('../aws/stack');
    const { sourceNames } = await import('../aws/sources');
    const { IntakeStore: Store } = await import('../intake/store');
    const stack = await findStack(context);
    const store = new Store(context, output(stack, 'bucket'));
    try {
      return await action({ context, store, sources: sourceNames(stack) }, options, words);
    } finally {
      store.close();
    }
  },
};

interface Here {
  readonly context: Context;
  readonly store: IntakeStore;
  readonly sources: readonly string[];
}

/** The source that was named, whose files may outlive it in the settings. */
function known(sources: readonly string[], source: string): string {
  if (sources.includes(source)) return source;
  const there = sources.length === 0 ? 'The stack has none.' : `There are: ${sources.join(', ')}.`;
  throw new Problem(EXIT.notFound, `There is no intake source "${source}".`, there);
}

async function list({ context, store, sources }: Here, options: Options, words: readonly string[]) {
  const { newest } = await import('../intake/find');
  const { printList } = await import('../intake/print');
  const [source, ...others] = words;
  if (others.length > 0) throw new Problem(EXIT.usage, '`intake list` takes one source at most.');
  const some = source === undefined ? sources : [known(sources, source)];
  printList(context, await newest(store, some, options.limit, options.before));
  return EXIT.ok;
}

async function show({ context, store, sources }: Here, { files }: Options, words: readonly string[]) {
  const { findReceipt } = await import('../intake/find');
  const { printFiles, printReceipt } = await import('../intake/print');
  const [called, ...others] = words;
  if (called === undefined || others.length > 0)
    throw new Problem(EXIT.usage, '`intake show` takes one receipt.', '`drawbridge intake list` shows them.');
  const found = await findReceipt(store, sources, called);
  await (files === true ? printFiles : printReceipt)(context, store, found);
  return EXIT.ok;
}

async function fetch({ context, store, sources }: Here, options: Options, words: readonly string[]) {
  const { receiptAt } = await import('../intake/find');
  const { fetchFiles } = await import('../intake/fetch');
  const { shown } = await import('../intake/shown');
  const [source, ...paths] = words;
  const { out, at = new Date() } = options;
  if (source === undefined || out === undefined)
    throw new Problem(EXIT.usage, '`intake fetch` needs a source and --out.', `Accepted: ${ACTIONS}.`);
  const found = await receiptAt(store, known(sources, source), at);
  const fetched = await context.ui.step('Fetching', (progress) =>
    fetchFiles(store, found, {
      paths,
      out,
      signal: context.interrupted,
      progress: (files, bytes) => {
        progress(`${files} files, ${inBytes(bytes)}`);
      },
    }),
  );
  for (const { path, reason } of fetched.failed)
    context.ui.warn(`Not fetched: ${shown(path)}: ${shown(reason)}`);
  context.ui.result(
    { source, receipt: found.name, directory: out, ...fetched },
    `${fetched.files} files (${inBytes(fetched.bytes)}) of ${source}/${found.name} are in ${out}.`,
  );
  return fetched.failed.length > 0 ? EXIT.someRefused : EXIT.ok;
}
