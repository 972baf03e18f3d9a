#!/usr/bin/env node
// Starts the command line from one bundle, which is built when it is missing or older than its sources: loading the
// sources themselves takes seconds, the bundle a tenth of one.
import { existsSync, readdirSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));

/** When the newest of the sources was written; folders count, so that a removed file counts too. */
function newest(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const sources = ['bin', 'cli', 'contract', 'package.json', 'package-lock.json'].map((name) =>
  join(project, name),
);
const stamp = Math.max(...sources.map((path) => newest(path)))
  .toString(36)
  .replace('.', '_');
const folder = join(project, 'dist', 'cli', stamp);
const bundle = join(folder, 'drawbridge.mjs');
if (!existsSync(bundle)) {
  const { buildCli } = await import('../cli/build.mjs');
  await buildCli(project, join(project, 'dist', 'cli'), stamp);
}
// Compiled code is kept between runs where Node can (from 22.8 on).
nodeModule.enableCompileCache?.();
// The SDK's advice about Node's version is for whoever develops this, not for whoever uses it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { start } = await import(pathToFileURL(bundle).href);
await start(join(folder, 'drawbridge-vm.cjs'));
