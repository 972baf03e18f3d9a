import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../package.json';

const PROJECT = join(__dirname, '..', '..');
const PROGRAM = join(PROJECT, 'bin', 'drawbridge.mjs');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-bundle-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

test('the program starts from any directory, and says its version', () => {
  expect(execFileSync(process.execPath, [PROGRAM, '--version'], { cwd: directory, encoding: 'utf8' })).toBe(
    `${version}\n`,
  );
});

/** Files that are loaded as soon as the program starts. */
function loadedAtOnce(file: string, folder: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(join(folder, file), 'utf8');
  for (const [, next = ''] of text.matchAll(
    /^(?:import|export)\b[^;]*?from\s*"\.\/([^"]+)"|^import\s*"\.\/([^"]+)"/gm,
  ))
    if (next !== '') loadedAtOnce(next, folder, seen);
  return seen;
}

test('--help loads neither an SDK nor the schema library', () => {
  execFileSync(process.execPath, [PROGRAM, '--version']);
  const bundles = join(PROJECT, 'dist', 'cli');
  const [newest = ''] = readdirSync(bundles)
    .filter((name) => !name.startsWith('building-'))
    .sort()
    .reverse();
  const folder = join(bundles, newest);
  const files = [...loadedAtOnce('drawbridge.mjs', folder)];
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  expect(text).not.toMatch(/^\/\/ (.*\/)?node_modules\/(@aws-sdk|@smithy|zod|ws)\//m);
  // And the looking itself would find one.
  const all = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  expect(all.join('\n')).toMatch(/^\/\/ (.*\/)?node_modules\/@aws-sdk\//m);
  expect(Buffer.byteLength(text)).toBeLessThan(400_000);
});
