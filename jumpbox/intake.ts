import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { EXIT } from '../contract/exit-codes';
import { type BoxMessage, CHANNEL_TOKEN, PROTOCOL_VERSION, type Receipt } from '../contract/intake-protocol';
import { receiptPrefix } from '../contract/keys';
import { readInstanceId } from './identity';
import { joinChannel, type Talk, withChannels } from './intake/channels';
import type { IntakeSettings } from './intake/environment';
import { readKnown } from './intake/known';
import { Conversation } from './intake/protocol';
import { Packs } from './intake/packs';
import { Push } from './intake/push';
import { ReceiptWriter } from './intake/receipt-writer';
import { takeTar } from './intake/tar';
import { writerTo } from './intake/writer';
import type { Progress } from './progress';
import { type ExitCode, Stop } from './stop';
import { Stopwatch } from './stopwatch';
import { openS3 } from './storage/client';

/** What the forced command is given. */
export interface IntakeContext {
  readonly settings: IntakeSettings;
  /** What the client asked SSH to run: one of two words, or nothing. */
  readonly asked: string;
  readonly input: Readable;
  readonly output: Writable;
  /** For people; the client shows it. */
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** How the files come: what the client asked for is compared and never run. */
function wayOf(asked: string): Receipt['by'] | { readonly channel: string } {
  if (asked === '' || asked === 'tar') return 'tar';
  if (asked === 'push') return 'push';
  const [word, token = '', ...rest] = asked.split(' ');
  if (word === 'channel' && rest.length === 0 && CHANNEL_TOKEN.test(token)) return { channel: token };
  throw new Stop(
    EXIT.usage,
    'Nothing can be run here. Accepted: tar (or nothing), with a tar stream on standard input; push, which the ' +
      'command drawbridge push speaks, and channel with the word that it was given for it.',
  );
}

const speakerOn = (output: Writable): ((message: BoxMessage) => Promise<void>) => {
  const write = writerTo(output);
  return (message) => write(`${JSON.stringify(message)}\n`);
};

/**
 * Takes one push from standard input to its receipt.
 *
 * @returns `EXIT.someRefused` when everything but refused files was taken
 * @throws Stop when nothing is committed
 */
export async function intake(context: IntakeContext): Promise<ExitCode> {
  const { settings, signal, output, progress } = context;
  const by = wayOf(context.asked);
  if (typeof by === 'object') {
    await joinChannel(by.channel, context.input, output, signal);
    return EXIT.ok;
  }
  const stopwatch = new Stopwatch();
  const s3 = openS3(settings.region);
  const box = await readInstanceId();
  const known = await readKnown(s3, settings.bucket, settings.source);
  if (known.problem !== undefined) progress(`Everything has to be sent, since ${known.problem}.`);
  const prefix = receiptPrefix(settings.source, stopwatch.startedAt, box);
  const receipt = await ReceiptWriter.begin(s3, settings.bucket, prefix);
  const packs = new Packs(s3, settings.bucket, settings.source, prefix);
  const push = new Push({ rules: settings.rules, packs, known, receipt });
  const say = speakerOn(output);
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
  const take = async (): Promise<string> => {
    if (by === 'tar') {
      await takeTar(context.input, push, (path, reason) => {
        progress(`Refused ${path}: ${reason}.`);
      });
      return 'tar';
    }
    const first = new Conversation(context.input, push, say);
    const { client, channels } = await first.greet();
    const hello = { type: 'hello', version: PROTOCOL_VERSION, source: settings.source, box } as const;
    const begin = (socket: Socket): Talk => {
      const sayThere = speakerOn(socket);
      const conversation = new Conversation(socket, push, sayThere);
      const talk = async (): Promise<void> => {
        await sayThere(hello);
        await conversation.files();
        await sayThere({ type: 'done' });
      };
      return { conversation, over: talk() };
    };
    if (channels === 1) {
      await say(hello);
      await first.files();
    } else
      await withChannels(channels - 1, begin, async (further) => {
        await say({ ...hello, channel: further.token });
        await first.files();
        await further.finish();
      });
    return client;
  };
  try {
    const client = await Promise.race([take(), stopped]);
    const committed = await push.commit({ source: settings.source, box, by, client }, stopwatch);
    await say({ type: 'receipt', ...committed });
    return committed.receipt.refused > 0 ? EXIT.someRefused : EXIT.ok;
  } catch (error) {
    // What has arrived need not be sent again; if it cannot be stored either, the first error is the one to tell.
    await packs.finish().catch(() => undefined);
    const left = await receipt.abort();
    if (left !== undefined) progress(left);
    throw error;
  } finally {
    // Another channel may have ended the push: then nobody reads this one to its end.
    context.input.destroy();
    s3.destroy();
  }
}
