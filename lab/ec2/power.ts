import { failed, type StandInReply } from './stand-ins';

/** What ends a machine's run: off and halt obey the shutdown behaviour (halt does not power off), reboot comes back. */
export type PowerAction = 'off' | 'halt' | 'reboot';

/** What the words of `shutdown` ask for. */
export type ShutdownOrder =
  { readonly action: PowerAction; readonly delayMs: number } | { readonly action: 'cancel' };

function delayOf(time: string, now: Date): number | undefined {
  if (time === 'now') return 0;
  const minutes = /^\+?(\d+)$/.exec(time)?.[1];
  if (minutes !== undefined) return Number(minutes) * 60_000;
  const clock = /^(\d{1,2}):(\d{2})$/.exec(time);
  if (clock === null) return undefined;
  const at = new Date(now);
  at.setUTCHours(Number(clock[1]), Number(clock[2]), 0, 0);
  return at.getTime() - now.getTime() + (at <= now ? 86_400_000 : 0);
}

/**
 * Reads the words of `shutdown`: https://www.freedesktop.org/software/systemd/man/latest/shutdown.html. Without a time it
 * is in one minute.
 *
 * @returns undefined for words that it would refuse
 */
export function readShutdown(args: readonly string[], now: Date): ShutdownOrder | undefined {
  const flags = args.filter((word) => word.startsWith('-'));
  if (flags.includes('-c')) return { action: 'cancel' };
  const [time = '+1'] = args.filter((word) => !word.startsWith('-'));
  const delayMs = delayOf(time, now);
  if (delayMs === undefined) return undefined;
  const action = flags.some((flag) => flag === '-r' || flag === '--reboot')
    ? 'reboot'
    : flags.some((flag) => flag === '-H' || flag === '--halt')
      ? 'halt'
      : 'off';
  return { action, delayMs };
}

/** Stands for `shutdown`; a later order replaces the one before. */
export class Shutdown {
  private waiting: NodeJS.Timeout | undefined;

  constructor(private readonly power: (action: PowerAction) => void) {}

  run(args: readonly string[]): StandInReply {
    const order = readShutdown(args, new Date());
    if (order === undefined) return failed(`Failed to parse time specification: ${args.join(' ')}`);
    this.cancel();
    if (order.action === 'cancel') return { code: 0 };
    const { action, delayMs } = order;
    if (delayMs === 0) {
      this.power(action);
      return { code: 0 };
    }
    this.waiting = setTimeout(() => {
      this.power(action);
    }, delayMs);
    const at = new Date(Date.now() + delayMs).toUTCString();
    return { code: 0, errors: `Shutdown scheduled for ${at}, use 'shutdown -c' to cancel.\n` };
  }

  cancel(): void {
    clearTimeout(this.waiting);
  }
}
