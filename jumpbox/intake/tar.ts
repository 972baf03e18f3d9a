import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { EXIT } from '../../contract/exit-codes';
import { CHUNK_BYTES } from '../../contract/intake';
import { escapePath } from '../../contract/intake-path';
import { errorOf, reasonOf, Stop } from '../stop';
import type { IncomingFile } from './file';
import type { Push } from './push';

const compress = promisify(gzip);
/** Long names and other extras of one entry; more is no name. */
const LONGEST_EXTRA_BYTES = 64 * 1024;
const REGULAR = ['File', 'OldFile', 'ContiguousFile'];

/** Called with each file that was not taken. */
export type Refused = (path: string, reason: string) => void;

/** The name as receipts have it. A leading `./` is what tar itself adds. */
function pathOf({ path }: ReadEntry): { readonly path: string; readonly problem?: string } {
  const name = path.replace(/^(?:\.\/+)+/, '');
  // The parser has decoded it: what was no UTF-8 shows as the replacement character.
  if (name.includes('\ufffd'))
    return { path: escapePath(Buffer.from(name)), problem: 'the name is not valid UTF-8' };
  return { path: escapePath(Buffer.from(name)) };
}

async function takeChunk(push: Push, file: IncomingFile, content: Buffer): Promise<void> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const { chunk, send } = file.expect({ sha256, bytes: content.length });
  if (!send) return;
  const packed = await compress(content);
  const isSmaller = packed.length < content.length;
  await push.take(
    file,
    chunk,
    isSmaller ? { bytes: packed, encoding: 'gzip' } : { bytes: content, encoding: 'identity' },
  );
}

async function takeEntry(push: Push, entry: ReadEntry, refused: Refused): Promise<void> {
  const { path, problem } = pathOf(entry);
  const file = push.begin({
    path,
    bytes: entry.size,
    modified: entry.mtime === undefined ? undefined : Math.floor(entry.mtime.getTime() / 1000),
    mode: entry.mode === undefined ? undefined : entry.mode & 0o7777,
  });
  if (problem !== undefined) file.refuse(problem);
  if (!REGULAR.includes(entry.type)) file.refuse(`it is a ${entry.type}; only regular files are taken`);
  const parts: Buffer[] = [];
  let held = 0;
  for await (const piece of entry as AsyncIterable<Buffer>) {
    if (file.refusal !== undefined) continue;
    let rest = Buffer.from(piece);
    while (held + rest.length >= CHUNK_BYTES) {
      const fits = rest.subarray(0, CHUNK_BYTES - held);
      await takeChunk(push, file, Buffer.concat([...parts.splice(0), fits]));
      rest = rest.subarray(fits.length);
      held = 0;
    }
    if (rest.length > 0) parts.push(rest);
    held += rest.length;
  }
  if (held > 0 && file.refusal === undefined) await takeChunk(push, file, Buffer.concat(parts));
  const { outcome, reason = '' } = await push.close(file);
  if (outcome === 'refused') refused(path, reason);
}

/**
 * Takes the files of a tar stream, compressed by gzip or not, and unpacks it nowhere.
 *
 * @throws Stop when it is no tar, or ends before its end mark
 */
export async function takeTar(input: Readable, push: Push, refused: Refused): Promise<void> {
  let work = Promise.resolve();
  const seen: { end: boolean; failure: Error | undefined } = { end: false, failure: undefined };
  const parser = new Parser({
    maxMetaEntrySize: LONGEST_EXTRA_BYTES,
    onReadEntry: (entry) => {
      if (entry.type === 'Directory') {
        entry.resume();
        return;
      }
      work = work
        .then(() => takeEntry(push, entry, refused))
        .catch((error: unknown) => {
          seen.failure ??= errorOf(error);
          entry.resume();
        });
    },
    onwarn: (code, message) => {
      // A header whose sum is wrong, a size that cannot be: the rest of the stream means nothing.
      seen.failure ??= new Stop(EXIT.usage, `The tar stream cannot be read (${code}): ${reasonOf(message)}`);
    },
  });
  parser.on('eof', () => (seen.end = true));
  const ended = new Promise<void>((resolve) => parser.once('end', resolve));
  for await (const piece of input as AsyncIterable<Buffer>) {
    if (seen.failure !== undefined) throw seen.failure;
    if (!parser.write(piece)) await Promise.race([once(parser, 'drain'), ended]);
  }
  parser.end();
  await ended;
  await work;
  if (seen.failure !== undefined) throw seen.failure;
  if (!seen.end)
    throw new Stop(EXIT.unavailable, 'The tar stream ended before its end mark; nothing was committed.');
}
