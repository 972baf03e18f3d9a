/** What `npm run demo` and `npm test` begin with, in a project of its own whose one package lies beside it. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let project: string;

const write = (name: string, content: object): void => {
  writeFileSync(join(project, name), JSON.stringify(content));
};

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'drawbridge-install-'));
  for (const name of ['lab', 'part']) mkdirSync(join(project, name));
  copyFileSync(join(__dirname, '../../lab/install.mjs'), join(project, 'lab/install.mjs'));
  write('part/package.json', { name: 'part', version: '1.0.0' });
  const wanted = { name: 'whole', version: '1.0.0', dependencies: { part: 'file:part' } };
  write('package.json', wanted);
  write('package-lock.json', {
    ...{ name: 'whole', version: '1.0.0', lockfileVersion: 3, requires: true },
    packages: {
      '': wanted,
      'node_modules/part': { resolved: 'part', link: true },
      part: { version: '1.0.0' },
    },
  });
});

afterEach(() => {
  rmSync(project, { recursive: true, force: true });
});

const install = (): { code: number | null; said: string } => {
  const { status, stderr } = spawnSync(process.execPath, ['lab/install.mjs'], { cwd: project });
  return { code: status, said: stderr.toString() };
};

test('packages are installed once, and again when the lockfile has changed', () => {
  const first = install();
  expect(first).toEqual({ code: 0, said: expect.stringContaining('Installing the packages') as string });
  expect(existsSync(join(project, 'node_modules/part/package.json'))).toBe(true);
  expect(install()).toEqual({ code: 0, said: '' });
  const later = new Date(Date.now() + 60_000);
  utimesSync(join(project, 'package-lock.json'), later, later);
  expect(install().said).toContain('Installing the packages');
}, 60_000);

test('packages that cannot be installed are one sentence below the words of npm', () => {
  write('package.json', { name: 'whole', version: '1.0.0', dependencies: { other: 'file:other' } });
  const { code, said } = install();
  expect(code).toBe(1);
  expect(said.trim().split('\n').at(-1)).toMatch(/^The packages are missing: `npm ci` ended with 1/);
}, 60_000);

test('a machine without npm is told so', () => {
  const script = join(project, 'lab/install.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script], { env: { PATH: '' } });
  expect(status).toBe(1);
  expect(stderr.toString()).toMatch(/The packages are missing: `npm ci` spawnSync npm ENOENT\. It needs npm/);
});
