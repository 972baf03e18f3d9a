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
    async *content() {
      try {
        yield* read(handle, stat.size);
      } finally {
        await handle.close();
      }
    },
  };
}

const join = (folder: Buffer, name: Buffer): Buffer =>
  folder.length === 0 ? name : Buffer.concat([folder, Buffer.from('/'), name]);

/**
 * Walks a file or folder in the order of names, one folder's names in memory at a time. Links, devices, sockets and pipes
 * are passed over; what cannot be read is told to `unread`.
 */
export async function* localFiles(root: LocalRoot, unread: (what: Unread) => void): AsyncGenerator<Outgoing> {
  const isExcluded = picomatch([...root.exclude], { dot: true });
  const prefix = root.as === '' ? Buffer.alloc(0) : Buffer.from(root.as);
  const walk = async function* (file: Buffer, name: Buffer): AsyncGenerator<Outgoing> {
    const path = escapePath(name);
    if (path !== '' && isExcluded(path)) return;
    try {
      const stat = await lstat(file);
      if (stat.isFile()) yield await openFile(file, path);
      if (!stat.isDirectory()) return;
      const names = await readdir(file, { encoding: 'buffer' });
      names.sort((one, other) => one.compare(other));
      for (const one of names) yield* walk(join(file, one), join(name, one));
    } catch (error) {
      unread({ path, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  yield* walk(Buffer.from(root.path), prefix);
}
