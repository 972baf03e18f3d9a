import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { mkdir, open, rm, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import { escapePath, pathProblem } from '../../contract/intake-path';
import type { ListedFile } from '../../contract/intake-protocol';
import { Problem } from '../framework/problem';
import type { Found } from './find';
import type { IntakeStore } from './store';

/** Files that are fetched at a time. */
const AT_ONCE = 8;

/** What was fetched. */
export interface Fetched {
  readonly files: number;
  readonly bytes: number;
  /** Files that are not there, and why. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/** What to fetch, and where to. */
export interface Wanted {
  /** Files or folders, as in the intake or as they were on the machine; none for everything. */
  readonly paths: readonly string[];
  /** Must be empty, or not there yet. */
  readonly out: string;
  readonly signal: AbortSignal;
  /** Called as it goes on. */
  progress(files: number, bytes: number): void;
}

/** Says whether a path is wanted, and remembers which wish was met. */
class Wishes {
  readonly unmet: Set<string>;

  constructor(paths: readonly string[]) {
    this.unmet = new Set(paths.map((path) => path.replace(/^\/+|\/+$/g, '')).filter((path) => path !== ''));
    this.all = [...this.unmet].map((wish) => ({ wish, forms: [wish, escapePath(Buffer.from(wish))] }));
  }

  private readonly all: readonly { readonly wish: string; readonly forms: readonly string[] }[];

  includes(path: string): boolean {
    if (this.all.length === 0) return true;
    const met = this.all.filter(({ forms }) =>
      forms.some((form) => path === form || path.startsWith(`${form}/`)),
    );
    for (const { wish } of met) this.unmet.delete(wish);
    return met.length > 0;
  }
}

/** Names stay in the form of the intake, which no terminal minds; wherever they come from, they lead nowhere but down. */
function placeOf(room: string, path: string): string {
  const problem = pathProblem(path);
  if (problem !== undefined) throw new Error(problem);
  const place = resolve(room, path);
  // Where a backslash divides folders, or a colon names a drive, the path could mean something else.
  if (!place.startsWith(room + sep) || (sep === '\\' && /[\\:]/.test(path)))
    throw new Error('the name leads out of the directory');
  return place;
}

async function write(store: IntakeStore, source: string, file: ListedFile, room: string): Promise<void> {
  const place = placeOf(room, file.path);
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  // Never over anything, never through a link, and executable for nobody.
  const handle = await open(place, 'wx', 0o600);
  try {
    let bytes = 0;
    for (const chunk of file.chunks) {
      const content = await store.chunk(source, chunk);
      bytes += content.length;
      await handle.write(content);
    }
    if (bytes !== file.bytes) throw new Error(`it has ${bytes} bytes; the receipt says ${file.bytes}`);
    await handle.close();
    if (file.modified !== undefined) await utimes(place, file.modified, file.modified);
  } catch (error) {
    await handle.close();
    await rm(place);
    throw error;
  }
}

async function writeAll(store: IntakeStore, { source, name, receipt }: Found, wanted: Wanted, room: string) {
  const wishes = new Wishes(wanted.paths);
  const failed: { path: string; reason: string }[] = [];
  const running = new Set<Promise<void>>();
  let [files, bytes] = [0, 0];
  try {
    for await (const file of store.list(source, name, receipt)) {
      wanted.signal.throwIfAborted();
      if ('refused' in file || !wishes.includes(file.path)) continue;
      const one: Promise<void> = write(store, source, file, room)
        .then(
          () => {
            files += 1;
            bytes += file.bytes;
            wanted.progress(files, bytes);
          },
          (error: unknown) => {
            failed.push({ path: file.path, reason: error instanceof Error ? error.message : String(error) });
          },
        )
        .finally(() => running.delete(one));
      running.add(one);
      if (running.size >= AT_ONCE) await Promise.race(running);
    }
  } finally {
    // Whoever clears up after an error must find nobody writing.
    await Promise.all(running);
  }
  for (const path of wishes.unmet) failed.push({ path, reason: 'the receipt lists no such file or folder' });
  return { files, bytes, failed };
}

/**
 * Fetches the files of a push, each compared with its hashes. The directory appears when all is done; after an error or an
 * interruption it is not there. A single file that cannot be had is told, and the others are fetched.
 *
 * @throws Problem when the directory holds something, or nothing could be fetched
 */
export async function fetchFiles(store: IntakeStore, found: Found, wanted: Wanted): Promise<Fetched> {
  const out = resolve(wanted.out);
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new Problem(
      EXIT.usage,
      `${wanted.out} is not empty; nothing was fetched.`,
      'Name a new directory.',
    );
  mkdirSync(dirname(out), { recursive: true });
  const room = mkdtempSync(join(dirname(out), `.${basename(out)}-`));
  try {
    const fetched = await writeAll(store, found, wanted, room);
    const [first] = fetched.failed;
    if (fetched.files === 0 && first !== undefined)
      throw new Problem(
        wanted.paths.length > 0 ? EXIT.notFound : EXIT.failed,
        `Nothing was fetched: ${first.path}: ${first.reason}.`,
        `\`drawbridge intake show ${found.source}/${found.name} --files\` lists what there is.`,
      );
    if (existsSync(out)) rmdirSync(out);
    renameSync(room, out);
    return fetched;
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}
