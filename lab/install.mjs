// Installs the packages that package-lock.json names, unless they are there: in a fresh clone one command is enough.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));

const writtenAt = (...path) => statSync(join(project, ...path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes this file when everything is there.
if (writtenAt('node_modules', '.package-lock.json') < writtenAt('package-lock.json')) {
  console.error('Installing the packages that package-lock.json names; once only.');
  const { status, error } = spawnSync('npm', ['ci'], { cwd: project, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    const why =
      error === undefined ? `ended with ${String(status)}; what it said stands above` : error.message;
    console.error(
      `The packages are missing: \`npm ci\` ${why}. It needs npm and a registry that it can reach.`,
    );
    process.exitCode = 1;
  }
}
