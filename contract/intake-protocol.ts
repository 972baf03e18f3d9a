import { z } from 'zod';
import { CHUNK_BYTES, PACK_BYTES } from './intake';

/** Version of the protocol; docs/intake-protocol.md describes it. */
export const PROTOCOL_VERSION = 1;
/** Longest line, in bytes. */
export const LONGEST_LINE_BYTES = 16_384;
/** Channels that one push may have: each carries files of its own. */
export const MOST_CHANNELS = 4;
/** What the box names further channels by: see jumpbox/intake/channels.ts. */
export const CHANNEL_TOKEN = /^[0-9A-Za-z]{6}$/;
/** A chunk that compression made longer is sent as it is. */
export const LONGEST_DATA_BYTES = CHUNK_BYTES;

const number = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What the client says, one line of JSON each; `data` is followed by its bytes. */
export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    version: z.literal(PROTOCOL_VERSION),
    client: z.string().max(200),
    /** Channels, this one counted; 1 when it is not there. */
    channels: z.int().min(1).max(MOST_CHANNELS).optional(),
  }),
  /** A file begins. Files are numbered from 0 without a gap. */
  z.strictObject({
    type: z.literal('file'),
    file: number,
    path: z.string(),
    bytes: number,
    /** Whole seconds since 1970. */
    modified: z.int().optional(),
    /** Permission bits of Unix. */
    mode: z.int().min(0).max(0o7777).optional(),
  }),
  /** The next chunk of a file: all but the last are {@link CHUNK_BYTES} long. */
  z.strictObject({ type: z.literal('chunk'), file: number, bytes: z.int().min(1).max(CHUNK_BYTES), sha256 }),
  /** A chunk that the box asked for. */
  z.strictObject({
    type: z.literal('data'),
    file: number,
    chunk: number,
    encoding: z.enum(['gzip', 'identity']),
    length: z.int().min(1).max(LONGEST_DATA_BYTES),
  }),
  /** The file has no more chunks; every one that was asked for has been sent. */
  z.strictObject({ type: z.literal('close'), file: number }),
  /** The client gives a file up, since it cannot be read any more. */
  z.strictObject({ type: z.literal('drop'), file: number, reason: z.string().max(500) }),
  /** Nothing to say, but still there. */
  z.strictObject({ type: z.literal('ping') }),
  /** Every file of this channel has been announced. On the first one: of all channels, commit. */
  z.strictObject({ type: z.literal('end') }),
]);

const some = z.strictObject({ path: z.string(), reason: z.string() });

/** `receipt.json`, format version 1: written last; what no receipt lists was not taken. */
export const receipt = z.strictObject({
  formatVersion: z.literal(1),
  source: z.string(),
  /** Instance id of the box. */
  box: z.string(),
  /** How the files came: by this protocol, or as a tar stream. */
  by: z.enum(['push', 'tar']),
  /** What the client calls itself. */
  client: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  files: number,
  /** Of all files, unchanged ones included. */
  bytes: number,
  /** Files of which nothing had to be sent. */
  unchanged: number,
  /** What arrived, compressed as it came. */
  receivedBytes: number,
  refused: number,
  flagged: number,
  /** The first of them; the list of files names all. */
  refusals: z.array(some),
  flags: z.array(some),
  /** The list of files: key, size and SHA-256 of the stored object. */
  list: z.strictObject({ key: z.string(), storedBytes: number, storedSha256: sha256 }),
});

/** Where a chunk lies: so many bytes of a pack, from `at` on. */
export const storedChunk = z.strictObject({
  /** Of the content. */
  sha256,
  /** Name of the pack: `intake/<source>/packs/<pack>`. */
  pack: z.string().regex(/^[0-9a-f]{32}$/),
  at: z.int().min(0).max(PACK_BYTES),
  length: z.int().min(1).max(PACK_BYTES),
  encoding: z.enum(['gzip', 'identity']),
});

/** One line of a pack's index. */
export const packedChunk = storedChunk.omit({ pack: true }).extend({ path: z.string() });

/** One line of the list of files. */
export const listedFile = z.strictObject({
  path: z.string(),
  bytes: number,
  modified: z.int().optional(),
  mode: z.int().optional(),
  /** In order: the content is theirs, one after the other. */
  chunks: z.array(storedChunk),
  flags: z.array(z.string()).optional(),
});
/** One line of the list of files for a file that was not taken. */
export const listedRefusal = z.strictObject({ path: z.string(), refused: z.string() });

/** What the box says, one line of JSON each. */
export const boxMessage = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    version: z.literal(PROTOCOL_VERSION),
    source: z.string(),
    box: z.string(),
    /** When several channels were asked for: SSH is to run `channel <token>` for each further one. */
    channel: z.string().regex(CHANNEL_TOKEN).optional(),
  }),
  /** Whether a chunk must be sent. */
  z.strictObject({ type: z.literal('answer'), file: number, chunk: number, send: z.boolean() }),
  /** A file is done with; `stored` and `unchanged` ones will be in the receipt. */
  z.strictObject({
    type: z.literal('outcome'),
    file: number,
    outcome: z.enum(['stored', 'unchanged', 'refused']),
    reason: z.string().optional(),
  }),
  /** The last word on a further channel: every file that it brought has its outcome. */
  z.strictObject({ type: z.literal('done') }),
  /** The push is committed. */
  z.strictObject({ type: z.literal('receipt'), key: z.string(), receipt }),
  /** The push has failed; nothing is committed. */
  z.strictObject({ type: z.literal('error'), message: z.string() }),
]);

/** See {@link clientMessage}. */
export type ClientMessage = z.infer<typeof clientMessage>;
/** See {@link boxMessage}. */
export type BoxMessage = z.infer<typeof boxMessage>;
/** See {@link receipt}. */
export type Receipt = z.infer<typeof receipt>;
/** See {@link listedRefusal}. */
export type ListedRefusal = z.infer<typeof listedRefusal>;
/** See {@link storedChunk}. */
export type StoredChunk = z.infer<typeof storedChunk>;
/** See {@link packedChunk}. */
export type PackedChunk = z.infer<typeof packedChunk>;
/** See {@link listedFile}. */
export type ListedFile = z.infer<typeof listedFile>;
