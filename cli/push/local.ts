import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import picomatch from 'picomatch';
import { escapePath } from '../../contract/intake-path';
import type { Outgoing, Unread } from './outgoing';

const READ_BYTES = 1024 ** 2;

/** Where to look, and what to leave out. */
export interface LocalRoot {
  /** Absolute. */
  readonly path: string;
  /** What stands before the names in the intake, without slashes at its ends; empty for nothing. */
  readonly as: string;
  /** Patterns of paths, as they are in the intake. */
  readonly exclude: readonly string[];
}

async function* read(handle: FileHandle, bytes: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(1, bytes)));
  for (let at = 0; at < bytes;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
    // It became shorter while it was read: the box will say so.
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Never follows a link, and never waits for a pipe: what is opened is what was looked at, or nothing. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function openFile(file: Buffer, path: string): Promise<Outgoing> {
  const handle = await open(file, FLAGS);
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw new Error('it is no regular file any more');
  }
  return {
    path,
    bytes: stat.size,
    modified: Math.floor(stat.mtimeMs / 1000),
    mode: stat.mode & 0o7777,
    content: () => read(handle, stat.size),
    close: () => handle.close(),
  };
}

const join = (folder: Buffer, name: Buffer): Buffer =>
  folder.length === 0 ? name : Buffer.concat([folder, Buffer.from('/'), name]);

/** Without the place, which may be one that only this process knows. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/, \w+ '.*$/s, '').replace(/^Error: /, '');

/**
 * A way to a folder that stays the same folder whoever renames it or puts a link in its place meanwhile (proc(5)): the owner
 * of a folder must not be able to lead this program, which may read more, elsewhere. Only Linux has one.
 */
const wayTo = (folder: FileHandle, place: Buffer): Buffer =>
  process.platform === 'linux' ? Buffer.from(`/proc/self/fd/${folder.fd}`) : place;

/**
 * Walks a file or folder in the order of names, one folder's names in memory at a time. Links, devices, sockets and pipes
 * are passed over; what cannot be read is told to `unread`.
 */
export async function* localFiles(root: LocalRoot, unread: (what: Unread) => void): AsyncGenerator<Outgoing> {
  const isExcluded = picomatch([...root.exclude], { dot: true });
  const prefix = root.as === '' ? Buffer.alloc(0) : Buffer.from(root.as);
  const walk = async function* (place: Buffer, name: Buffer): AsyncGenerator<Outgoing> {
    const path = escapePath(name);
    if (path !== '' && isExcluded(path)) return;
    try {
      const stat = await lstat(place);
      if (stat.isFile()) yield await openFile(place, path);
      if (stat.isDirectory()) yield* inside(place, name);
    } catch (error) {
      unread({ path, reason: reasonOf(error) });
    }
  };
  const inside = async function* (place: Buffer, name: Buffer): AsyncGenerator<Outgoing> {
    const folder = await open(place, FLAGS | constants.O_DIRECTORY);
    try {
      const way = wayTo(folder, place);
      // A name as latin1 text takes a byte for a byte, and sorts as its bytes do.
      const names = await readdir(way, { encoding: 'latin1' });
      for (const one of names.sort((left, right) => (left < right ? -1 : 1))) {
        const bytes = Buffer.from(one, 'latin1');
        yield* walk(join(way, bytes), join(name, bytes));
      }
    } finally {
      await folder.close();
    }
  };
  yield* walk(Buffer.from(root.path), prefix);
}
