import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { moveBelow } from './paths';
import type { Service, UnitCommand } from './units';

/** How a process on a box is started. */
export interface BoxSpawnOptions {
  /** Added to the box's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the box's root. */
  readonly directory?: string;
  /** File descriptor that gets standard output and standard error; pipes when there is none. */
  readonly output?: number;
  /** Whether standard input is a pipe; by default there is none. */
  readonly input?: boolean;
}

/** Starts a process on a box. */
export type BoxSpawn = (words: readonly string[], options: BoxSpawnOptions) => ChildProcess;

/** How a command ended. */
export interface Ended {
  readonly code: number;
}

const BRACED = /\$\$|\$\{(\w+)\}/g;

/**
 * Replaces variables in one word as systemd does: `${NAME}` anywhere, `$NAME` only as a word of its own. Other dollars are
 * for the shell that the command may start.
 */
function resolve(word: string, environment: Readonly<Record<string, string>>): string[] {
  const bare = /^\$(\w+)$/.exec(word)?.[1];
  if (bare !== undefined) return (environment[bare] ?? '').split(/\s+/).filter((part) => part !== '');
  return [
    word.replace(BRACED, (all, name?: string) => (all === '$$' ? '$' : (environment[name ?? ''] ?? ''))),
  ];
}

function readEnvironmentFiles(root: string, service: Service): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { path, mayBeMissing } of service.environmentFiles) {
    if (mayBeMissing && !existsSync(path)) continue;
    for (const line of moveBelow(root, readFileSync(path, 'utf8')).split('\n')) {
      const found = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line);
      if (found?.[1] !== undefined) variables[found[1]] = (found[2] ?? '').replace(/^(["'])(.*)\1$/, '$2');
    }
  }
  return variables;
}

/** Runs the commands of one service on a box; their output goes to its journal. */
export class ServiceRunner {
  constructor(
    private readonly root: string,
    private readonly spawn: BoxSpawn,
    private readonly name: string,
    private readonly service: Service,
  ) {}

  /** Starts one command without waiting for its end. */
  launch(command: UnitCommand): ChildProcess {
    const environment = { ...this.service.environment, ...readEnvironmentFiles(this.root, this.service) };
    const words = command.words.flatMap((word) => resolve(word, environment));
    const journal = join(this.root, 'var/log/journal');
    mkdirSync(journal, { recursive: true });
    const output = openSync(join(journal, `${this.name}.log`), 'a');
    try {
      const directory = this.service.workingDirectory;
      return this.spawn(words, { environment, output, ...(directory === undefined ? {} : { directory }) });
    } finally {
      closeSync(output);
    }
  }

  /** Runs commands one after the other; ends at the first that fails and may not. */
  async run(commands: readonly UnitCommand[], started: (child: ChildProcess) => void): Promise<Ended> {
    for (const command of commands) {
      const child = this.launch(command);
      started(child);
      const { code } = await ended(child);
      if (code !== 0 && !command.mayFail) return { code };
    }
    return { code: 0 };
  }
}

/** Waits for a process; one that could not be started ends with systemd's 203 (EXEC), a killed one with 128 + n or more. */
export async function ended(child: ChildProcess): Promise<Ended> {
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return { code: code ?? 137 };
  } catch {
    return { code: 203 };
  }
}
