import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BoxResult } from '../../contract/events';
import { EXIT } from '../../contract/exit-codes';
import { invoke } from '../aws/functions';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import type { PushConfig } from './config';
import { gather } from './gather';
import { type Line, openLine } from './line';
import type { Unread } from './outgoing';
import { sendFiles } from './send';
import { type Committed, PushBroken } from './sender';
import { Unfinished } from './unfinished';

/** A box installs for a minute or two before its SSH server answers; a line that is lost is opened again. */
const ATTEMPTS = 40;
const WAIT_MS = 5_000;

/** What became of a push. */
export interface Pushed extends Committed {
  /** What could not be read on this side, machines that could not be reached among them. */
  readonly unread: readonly Unread[];
  /** Bytes on the line, all attempts together. */
  readonly sentBytes: number;
}

/** Called with what happens, for people. */
export type Notice = (text: string) => void;

/** Of all attempts together. */
interface Attempted {
  sentBytes: number;
}

/** How the box is reached, and how long to wait between attempts. */
export interface Ways {
  readonly open: typeof openLine;
  readonly waitMs: number;
}

/** What EC2 Instance Connect says of a box that has only just been launched, or has ended meanwhile. */
const NOT_THERE = [
  'EC2InstanceNotFoundException',
  'EC2InstanceStateInvalidException',
  'EC2InstanceUnavailableException',
];

/** Lines to one box. They are closed together; after that none is opened. */
class Lines {
  private readonly all: Line[] = [];
  private isClosed = false;

  constructor(private readonly opened: (command: string) => Promise<Line>) {}

  async open(command: string): Promise<Line> {
    const line = await this.opened(command);
    if (this.isClosed) {
      line.close();
      throw new PushBroken('The push had ended before its line was open.');
    }
    this.all.push(line);
    return line;
  }

  close(): void {
    this.isClosed = true;
    for (const line of this.all) line.close();
  }

  words(): string {
    return [...new Set(this.all.map((line) => line.words()))].filter(Boolean).join(' ');
  }
}

/** One attempt through one box, to which every line is closed in any case. */
async function attempt(
  context: Context,
  lines: Lines,
  config: PushConfig,
  attempted: Attempted,
  notice: Notice,
): Promise<Omit<Pushed, 'sentBytes'>> {
  const close = (): void => {
    lines.close();
  };
  const unread: Unread[] = [];
  const before = attempted.sentBytes;
  context.interrupted.addEventListener('abort', close);
  try {
    const files = gather(config.paths, (what) => unread.push(what));
    const committed = await sendFiles(await lines.open('push'), files, {
      client: `drawbridge push on ${hostname()}`.slice(0, 200),
      bytesPerSecond: config.bandwidthKiBps === undefined ? undefined : config.bandwidthKiBps * 1024,
      further: {
        count: config.channels - 1,
        open: (token) => lines.open(`channel ${token}`),
        unopened: (reason) => {
          const why = [reason, lines.words()].filter(Boolean).join(' ');
          notice(`A further channel could not be opened, the push goes on without it: ${why}`);
        },
      },
      progress: ({ files: count, bytes, sentBytes }) => {
        attempted.sentBytes = before + sentBytes;
        notice(
          `${count} files, ${Math.ceil(bytes / 1024)} KiB read, ${Math.ceil(sentBytes / 1024)} KiB sent`,
        );
      },
    });
    return { ...committed, unread };
  } catch (error) {
    if (!(error instanceof PushBroken)) throw error;
    throw new PushBroken([error.message, lines.words()].filter(Boolean).join(' '));
  } finally {
    context.interrupted.removeEventListener('abort', close);
    close();
  }
}

/**
 * Opens a box, hands the files in, ends the box. A line that is lost, or a box that has expired, is replaced; what has
 * arrived is not sent again, also when the push was begun by an earlier run. The box is ended also when the push fails.
 *
 * @throws Problem when nothing could be committed
 */
export async function push(
  context: Context,
  config: PushConfig,
  notice: Notice,
  { open, waitMs }: Ways = { open: openLine, waitMs: WAIT_MS },
): Promise<Pushed> {
  const unfinished = new Unfinished(config, context.environment, (text) => {
    context.ui.warn(text);
  });
  const attempted: Attempted = { sentBytes: 0 };
  const { requestId } = unfinished;
  const boxes = new Set<string>();
  let last = '';
  try {
    for (let tried = 0; tried < ATTEMPTS; tried += 1) {
      context.interrupted.throwIfAborted();
      const box = await invoke<BoxResult>(context, config.createFunction, {
        requestId,
        reason: 'drawbridge push',
        ...(config.ttlMinutes === undefined ? {} : { ttlMinutes: config.ttlMinutes }),
      });
      boxes.add(box.instanceId);
      notice(`through ${box.instanceId}, until ${box.expiresAt}`);
      try {
        const document = documentOf(box);
        const lines = new Lines((command) => open(context, box.instanceId, document, command));
        const pushed = await attempt(context, lines, config, attempted, notice);
        unfinished.committed();
        return { ...pushed, sentBytes: attempted.sentBytes };
      } catch (error) {
        const isPassing = error instanceof Error && NOT_THERE.includes(error.name);
        if (!isPassing && !(error instanceof PushBroken)) throw error;
        last = error.message;
        notice(last);
      }
      await sleep(waitMs, undefined, { signal: context.interrupted });
    }
    throw new Problem(EXIT.unavailable, `Nothing was committed after ${ATTEMPTS} attempts: ${last}`);
  } finally {
    for (const instanceId of boxes) await invoke(context, config.destroyFunction, { instanceId });
  }
}

function documentOf({ intakeDocument }: BoxResult): string {
  if (intakeDocument !== undefined) return intakeDocument;
  throw new Problem(
    EXIT.usage,
    'The function that `createFunction` names opens no intake box.',
    'Name the create function of a source: `drawbridge vm-config <source>` prints it.',
  );
}
