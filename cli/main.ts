import { EXIT } from '../contract/exit-codes';
import type { Command } from './framework/command';
import { runProgram } from './framework/program';

/** What a build of the command line brings along. */
export interface Build {
  readonly version: string;
  readonly commands: readonly Command[];
  /** File of the program for machines that hand files in. */
  readonly vmClient: string;
}

/**
 * The command line as a process: words in, exit code out. The first Ctrl-C asks the command to end and clean up; the
 * second ends at once.
 */
export async function main({ version, commands, vmClient }: Build): Promise<void> {
  const interrupt = new AbortController();
  let inForeground = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGINT' && inForeground > 0) return;
      if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
      interrupt.abort();
    });
  }
  // Whoever reads our output may stop reading, as `head` does.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  const code = await runProgram(process.argv.slice(2), commands, {
    environment: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    interrupted: interrupt.signal,
    inForeground: async (work) => {
      inForeground += 1;
      try {
        return await work();
      } finally {
        inForeground -= 1;
      }
    },
    version,
    vmClient,
  });
  // Everything is closed by now, and what is printed is out. Left to end by itself, Node (20.20) was seen to hang at times while it
  // took TLS connections apart.
  for (const stream of [process.stdout, process.stderr])
    await new Promise((resolve) => stream.write('', resolve));
  process.exit(code);
}
