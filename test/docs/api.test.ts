import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

test('docs/api is what the library says of itself now; otherwise run npm run docs:api', () => {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-api-'));
  try {
    const typedoc = join(ROOT, 'node_modules', 'typedoc', 'bin', 'typedoc');
    const { status, stdout, stderr } = spawnSync(process.execPath, [typedoc, '--out', directory], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    // It also ends with another code when something that is named is not documented.
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
    const written = readFileSync(join(directory, 'README.md'), 'utf8');
    expect(readFileSync(join(ROOT, 'docs', 'api', 'README.md'), 'utf8')).toBe(written);
  } finally {
    rmSync(directory, { recursive: true });
  }
}, 600_000);
