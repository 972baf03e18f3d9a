import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainEnvironment, type Program, start } from '../process/program';
import { reasonOf, Stop } from '../stop';
import type { Account } from './account';
import { scratchStop } from './trouble';

/** A path of a Unix socket may have 107 bytes: https://man7.org/linux/man-pages/man7/unix.7.html */
const LONGEST_SOCKET_DIRECTORY = 85;

const START_MS = 60_000;

/** Where a scratch server lives. Nobody but its account may look into either. */
export interface ScratchDirectories {
  /** On a real disk; holds the directories that were asked for. */
  readonly own: string;
  /** For its Unix socket. */
  readonly sockets: string;
}

/**
 * Makes directories for a scratch server, hands them to `use`, and removes them with all that is in them, whatever happens.
 *
 * @param parent - directory on a real disk
 * @param names - of directories to make in the server's own
 */
export async function withScratchDirectories<T>(
  parent: string,
  account: Account,
  names: readonly string[],
  use: (directories: ScratchDirectories) => Promise<T>,
): Promise<T> {
  const own = await mkdtemp(join(parent, 'scratch-'));
  const base = tmpdir().length <= LONGEST_SOCKET_DIRECTORY ? tmpdir() : '/tmp';
  const sockets = await mkdtemp(join(base, 'dbs-'));
  try {
    const inside = names.map((name) => join(own, name));
    for (const path of inside) await mkdir(path);
    for (const path of [own, ...inside, sockets]) {
      if (account.uid !== undefined && account.gid !== undefined) await chown(path, account.uid, account.gid);
      await chmod(path, 0o700);
    }
    return await use({ own, sockets });
  } finally {
    for (const path of [own, sockets]) await rm(path, { recursive: true, force: true });
  }
}

/** A scratch server's process. */
export interface ScratchProcess {
  readonly server: Program;
  /** Rejects when it ends by itself. */
  readonly lost: Promise<never>;
}

/** Starts a scratch server; ending it is the caller's. */
export function startServer(program: string, args: readonly string[], account: Account): ScratchProcess {
  const server = start(program, args, { environment: plainEnvironment(), ...account });
  server.stdin.on('error', () => undefined).end();
  server.stdout.resume();
  const lost = server.done.then(
    () => Promise.reject(scratchStop('The scratch server ended by itself', server.words())),
    (error: unknown) => Promise.reject(scratchStop('The scratch server failed', reasonOf(error))),
  );
  lost.catch(() => undefined);
  return { server, lost };
}

/**
 * Waits until a scratch server answers.
 *
 * @param version - asks it for its version; fails as long as it does not answer
 * @returns its version
 * @throws Stop when it ends, or does not answer within a minute
 */
export async function untilReady(
  { server, lost }: ScratchProcess,
  version: () => Promise<string>,
): Promise<string> {
  const end = performance.now() + START_MS;
  for (;;) {
    try {
      return await Promise.race([version(), lost]);
    } catch (error) {
      if (error instanceof Stop) throw error;
      if (performance.now() > end)
        throw scratchStop('The scratch server did not start', `${reasonOf(error)} ${server.words()}`);
      await sleep(50);
    }
  }
}
