import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../..');

/** Commands of every entry of the runbook, by its heading, with names in `<…>` as they stand there. */
export function runbookCommands(): Readonly<Record<string, readonly string[]>> {
  const [, ...entries] = readFileSync(join(ROOT, 'docs/runbook.md'), 'utf8').split(/^## /m);
  return Object.fromEntries(
    entries.map((entry) => [
      entry.split('\n', 1)[0] ?? '',
      [...entry.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = '']) => block.trim().split('\n')),
    ]),
  );
}

/** Puts values in the place of names in `<…>`; a name without a value fails. */
export const fillIn = (command: string, values: Readonly<Record<string, string>>): string =>
  command.replaceAll(/<([^>]+)>/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new Error(`The runbook speaks of <${name}>, which the test does not know.`);
    return value;
  });

/** Runs a command as an operator would, in a shell; what it prints. Fails with its words when it fails. */
export async function follow(
  command: string,
  environment: Readonly<Record<string, string>>,
  aws: string,
): Promise<string> {
  const PATH = `${dirname(aws)}${delimiter}${process.env.PATH ?? ''}`;
  const env = { ...process.env, ...environment, PATH, AWS_PAGER: '' };
  // Node's own pipes are sockets, which nobody can open as /dev/stdout.
  const piped = `set -o pipefail; { ${command}; } | cat`;
  const { stdout } = await promisify(execFile)('bash', ['-euc', piped], { cwd: ROOT, env });
  return stdout;
}
