import type { Readable, Writable } from 'node:stream';
import { EXIT } from '../contract/exit-codes';
import { type BoxMessage, PROTOCOL_VERSION, type Receipt } from '../contract/intake-protocol';
import { receiptPrefix } from '../contract/keys';
import { readInstanceId } from './identity';
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

/** How the files come. What the client asked for is compared and never run. */
function wayOf(asked: string): Receipt['by'] {
  if (asked === '' || asked === 'tar') return 'tar';
  if (asked === 'push') return 'push';
  throw new Stop(
    EXIT.usage,
    'Nothing can be run here. Accepted: tar (or nothing), with a tar stream on standard input; push, which the ' +
      'command drawbridge push speaks.',
  );
}

/**
 * Takes one push from standard input to its receipt.
 *
 * @returns `EXIT.someRefused` when everything but refused files was taken
 * @throws Stop when nothing is committed
 */
export async function intake(context: IntakeContext): Promise<ExitCode> {
  const { settings, signal, output, progress } = context;
  const by = wayOf(context.asked);
  const stopwatch = new Stopwatch();
  const s3 = openS3(settings.region);
  const box = await readInstanceId();
  const known = await readKnown(s3, settings.bucket, settings.source);
  if (known.problem !== undefined) progress(`Everything has to be sent, since ${known.problem}.`);
  const prefix = receiptPrefix(settings.source, stopwatch.startedAt, box);
  const receipt = await ReceiptWriter.begin(s3, settings.bucket, prefix);
  const packs = new Packs(s3, settings.bucket, settings.source, prefix);
  const push = new Push({ rules: settings.rules, packs, known, receipt });
  const write = writerTo(output);
  const say = (message: BoxMessage): Promise<void> => write(`${JSON.stringify(message)}\n`);
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
    const conversation = new Conversation(context.input, push, say);
    const client = await conversation.greet();
    await say({ type: 'hello', version: PROTOCOL_VERSION, source: settings.source, box });
    await conversation.files();
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
    s3.destroy();
  }
}
