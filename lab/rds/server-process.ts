import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Processes } from '../context';
import { endWithThisProcess } from '../processes';
import type { SystemAccount } from './system-account';

const START_MS = 60_000;

/** Makes a directory for a server's Unix socket. */
export function socketDirectory({ uid, gid }: SystemAccount): string {
  // A socket's path may not exceed 107 bytes: https://man7.org/linux/man-pages/man7/unix.7.html
  const sockets = mkdtempSync(join(tmpdir().length < 60 ? tmpdir() : '/tmp', 'dbrds-'));
  chmodSync(sockets, 0o700);
  chownSync(sockets, uid, gid);
  return sockets;
}

/** Which server to run. */
export interface ServerOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly account: SystemAccount;
  /** Of {@link socketDirectory}; removed when the server has ended. */
  readonly sockets: string;
  /** Starts the server; without it the server is this process's own child. */
  readonly processes: Pick<Processes, 'spawn'> | undefined;
  /** Ends the server without further ado. */
  readonly endAtOnce: NodeJS.Signals;
}

/** A database server that runs. */
export interface ServerProcess {
  readonly pid: number;
  /**
   * Waits until `look` does not fail any more.
   *
   * @throws Error when the server ends, or what `look` throws after a minute
   */
  untilReady(name: string, look: () => void): Promise<void>;
  /** Ends it by a signal, and resolves when it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a database server with an environment of its own. */
export function startServer(options: ServerOptions): ServerProcess {
  const start = options.processes?.spawn.bind(options.processes) ?? spawn;
  const server = start(options.program, [...options.args], {
    ...options.account.ids,
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', DRAWBRIDGE_LAB: process.env.DRAWBRIDGE_LAB ?? '' },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  endWithThisProcess(server, options.endAtOnce);
  return {
    pid: server.pid ?? 0,
    untilReady: async (name, look) => {
      const end = Date.now() + START_MS;
      for (;;) {
        if (server.exitCode !== null)
          throw new Error(`${name} ended at once with exit code ${server.exitCode}.`);
        try {
          look();
          return;
        } catch (error) {
          if (Date.now() > end) throw error;
          await sleep(100);
        }
      }
    },
    end: async (signal) => {
      server.kill(signal);
      if (server.exitCode === null && server.signalCode === null)
        await new Promise((resolve) => server.once('exit', resolve));
      rmSync(options.sockets, { recursive: true, force: true });
    },
  };
}
