import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** What esbuild is told; a test looks at the same bundle. */
export const bundleOptions = (project) => ({
  absWorkingDir: project,
  entryPoints: ['bin/drawbridge.ts'],
  bundle: true,
  // What a command imports when it runs becomes a file of its own: `--help` loads none of them.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  // Optional accelerators of ws, which are not installed.
  external: ['bufferutil', 'utf-8-validate'],
  // Some libraries still say `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});

/** One file for machines that hand files in: Node starts it under any name. */
const vmOptions = (project) => ({
  absWorkingDir: project,
  entryPoints: ['bin/drawbridge-vm.ts'],
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  external: ['bufferutil', 'utf-8-validate'],
  banner: {
    js: "#!/usr/bin/env node\nprocess.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';",
  },
  logLevel: 'warning',
});

/**
 * Builds the command line into `<folder>/<stamp>`, whole or not at all, however many processes do it at once, and removes
 * what was built more than a day ago.
 */
export async function buildCli(project, folder, stamp) {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > DAY_MS)
      rmSync(path, { recursive: true, force: true });
  }
  const room = mkdtempSync(join(folder, 'building-'));
  try {
    await build({ ...bundleOptions(project), outdir: room });
    await build({ ...vmOptions(project), outfile: join(room, 'drawbridge-vm.cjs') });
    renameSync(room, join(folder, stamp));
  } catch (error) {
    rmSync(room, { recursive: true, force: true });
    // Another process was first, with the same sources.
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
  }
}
