import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { findProgram } from '../parts';

const NAME = 'session-manager-plugin';
const MAIN_PACKAGE = 'github.com/aws/session-manager-plugin/src/sessionmanagerplugin-main';

/** The official client of Session Manager on this machine, or why there is none. */
export type OfficialPluginPart = { readonly program: string } | { readonly missing: string };

/**
 * The official client: the one on the PATH, or else one that Go builds from its public module, in the versions that `go.mod`
 * and `go.sum` beside this file pin. Built once, kept in `~/.cache/drawbridge`.
 */
export function officialPlugin(say: (line: string) => void): OfficialPluginPart {
  const installed = findProgram(NAME);
  if (installed !== undefined) return { program: installed };
  const cached = join(cacheDirectory(), NAME);
  if (existsSync(cached)) return { program: cached };
  if (findProgram('go') === undefined)
    return { missing: `${NAME} is not on the PATH, and there is no Go to build it with` };
  say(`building ${NAME} (once)`);
  return build(cached);
}

/** Named after what is pinned: another pin is another program. */
function cacheDirectory(): string {
  const pinned = createHash('sha256')
    .update(readFileSync(join(__dirname, 'go.sum')))
    .digest('hex');
  return join(homedir(), '.cache', 'drawbridge', `official-plugin-${pinned.slice(0, 16)}`);
}

function build(target: string): OfficialPluginPart {
  mkdirSync(cacheDirectory(), { recursive: true });
  const directory = mkdtempSync(join(cacheDirectory(), 'build-'));
  try {
    for (const file of ['go.mod', 'go.sum']) cpSync(join(__dirname, file), join(directory, file));
    const words = ['build', '-o', NAME, MAIN_PACKAGE];
    const built = spawnSync('go', words, {
      cwd: directory,
      encoding: 'utf8',
      env: { ...process.env, GOFLAGS: '-buildvcs=false -mod=readonly', GOTOOLCHAIN: 'local' },
    });
    if (built.status !== 0) return { missing: `${NAME} could not be built: ${lastLine(built.stderr)}` };
    // At once: two who build at the same time both end up with a whole one.
    renameSync(join(directory, NAME), target);
    return { program: target };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
