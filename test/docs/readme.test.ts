import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { settingsTable } from '../../lib/config/table';

const ROOT = join(__dirname, '..', '..');
const DOCUMENTS = [
  'README.md',
  'lab/README.md',
  'examples/ephemeral-jumpbox/README.md',
  'docs/promises.md',
  'docs/fidelity.md',
  'docs/costs.md',
  'docs/runbook.md',
];

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** A table without the padding that the formatter gives its cells. */
const unpadded = (table: string): string => table.trim().replace(/-{3,}/g, '---').replace(/ +/g, ' ');

test('the README holds the settings as the schema has them', () => {
  const [, table = ''] = /<!-- settings:begin -->\n([^]*)<!-- settings:end -->/.exec(read('README.md')) ?? [];
  expect(unpadded(table)).toBe(unpadded(settingsTable()));
});

test.each(DOCUMENTS)('%s links to nothing that is not there', (document) => {
  const targets = [...read(document).matchAll(/\]\(([^)#]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^https?:/.test(target));
  const missing = targets.filter((target) => !existsSync(join(ROOT, dirname(document), target)));
  expect(missing).toEqual([]);
});

test.each([...read('README.md').matchAll(/npm run (?:-s )?([a-z:]+)/g)].map(([, script = '']) => script))(
  'the README names `npm run %s`, which exists',
  (script) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts)).toContain(script);
  },
);
