import type { Readable, Writable } from 'node:stream';
import { Compressor } from './compress';
import type { Outgoing } from './outgoing';
import { Pace } from './pace';
import { type Committed, Sender } from './sender';

/** Chunks that wait for the box's answers or for a line, in bytes, on all channels together. */
const WINDOW_BYTES = 16 * 1024 ** 2;

/** A channel's two directions. */
export interface Streams {
  readonly input: Writable;
  readonly output: Readable;
}

/** How far a push has come. */
export interface Sent {
  readonly files: number;
  /** Read of them. */
  readonly bytes: number;
  /** On the line. */
  readonly sentBytes: number;
}

/** Channels besides the first one. */
export interface FurtherChannels {
  readonly count: number;
  /** Opens one by what the box has named it. */
  readonly open: (token: string) => Promise<Streams>;
  /** Called with the reason when one could not be opened; the push goes on without it. */
  readonly unopened: (reason: string) => void;
}

/** How to send. */
export interface SendOptions {
  /** What the client calls itself. */
  readonly client: string;
  /** On all channels together; undefined for no limit. */
  readonly bytesPerSecond?: number | undefined;
  /** Undefined for none. */
  readonly further?: FurtherChannels;
  /** Called as it goes on, and at its end, whatever that is. */
  progress?(sent: Sent): void;
}

/**
 * Sends every file over one channel or several, and waits for the receipt. Each channel takes the next file as soon as it has sent its
 * last one.
 *
 * @throws PushBroken when there is no receipt: a channel that is lost ends the push
 */
export async function sendFiles(
  first: Streams,
  files: AsyncGenerator<Outgoing>,
  options: SendOptions,
): Promise<Committed> {
  const { client, further, bytesPerSecond } = options;
  const channels = 1 + (further?.count ?? 0);
  const senders: Sender[] = [];
  const tell = (): void => {
    const sum = (of: 'files' | 'bytes' | 'sentBytes'): number =>
      senders.reduce((total, sender) => total + sender[of], 0);
    options.progress?.({ files: sum('files'), bytes: sum('bytes'), sentBytes: sum('sentBytes') });
  };
  const [pace, compressor, windowBytes] = [
    new Pace(bytesPerSecond),
    new Compressor(),
    Math.floor(WINDOW_BYTES / channels),
  ];
  const begin = ({ input, output }: Streams): Sender => {
    const sender = new Sender(input, output, { pace, compressor, windowBytes, progress: tell });
    senders.push(sender);
    return sender;
  };
  /** @param isThrough - resolves with false when the first channel has found no more files */
  const sendOverAnother = async (
    { open, unopened }: FurtherChannels,
    token: string,
    isThrough: Promise<false>,
  ): Promise<void> => {
    let sender: Sender;
    try {
      sender = begin(await open(token));
      if (!(await Promise.race([sender.joined(), isThrough]))) return;
    } catch (error) {
      unopened(error instanceof Error ? error.message : String(error));
      return;
    }
    await sender.send(files);
    await sender.finish();
  };
  try {
    const main = begin(first);
    const token = await main.greet(client, channels);
    const sending = main.send(files);
    const isThrough = sending.then(
      () => false as const,
      () => false as const,
    );
    const others =
      token === undefined || further === undefined
        ? []
        : Array.from({ length: further.count }, () => sendOverAnother(further, token, isThrough));
    await Promise.all([sending, ...others]);
    return await main.commit();
  } finally {
    for (const sender of senders) sender.stop();
    tell();
  }
}
