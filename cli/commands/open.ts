import { Option } from 'commander';
import { EXIT } from '../../contract/exit-codes';
import { PURPOSES, type Purpose } from '../../contract/purposes';
import type { Command } from '../framework/command';
import { until } from '../framework/time';
import { minutes } from '../framework/words';

interface Options {
  readonly purpose: Purpose;
  readonly minutes?: number;
  readonly reason?: string;
  readonly requestId?: string;
  readonly wait: boolean;
}

/** `drawbridge open` */
export const open: Command<Options> = {
  name: 'open',
  summary: 'open a box, and wait until it can be reached',
  examples: [
    ['drawbridge open', 'an access box for the default time'],
    ['drawbridge open --minutes 30 --reason "look at order 4711"', 'half an hour, and why'],
    [
      'drawbridge open --purpose backup --no-wait --json',
      'for scripts: returns as soon as EC2 has launched it',
    ],
  ],
  configure: (parser) => {
    parser
      .addOption(new Option('--purpose <purpose>', 'what the box may do').choices(PURPOSES).default('access'))
      .option('--minutes <minutes>', "how long it lives; the stack's default when left out", minutes)
      .option('--reason <words>', 'why, for whoever lists the boxes')
      .option('--request-id <id>', 'the same id returns the same box while it lives')
      .option('--no-wait', 'do not wait until its agent is online');
  },
  run: async (context, options) => {
    const { findStack } = await import('../aws/stack');
    const { openBox } = await import('../boxes/create');
    const { untilOnline } = await import('../boxes/online');
    const { ui } = context;
    const stack = await findStack(context);
    const box = await ui.step(
      `Opening a box for ${options.purpose}`,
      () =>
        openBox(context, stack, {
          purpose: options.purpose,
          ttlMinutes: options.minutes,
          reason: options.reason,
          requestId: options.requestId,
        }),
      ({ instanceId, existing }) => `${instanceId} ${existing ? 'was open already' : 'is launched'}`,
    );
    if (options.wait)
      await ui.step(
        'Waiting for its agent',
        (progress) => untilOnline(context, box.instanceId, progress),
        () => 'It can be reached',
      );
    ui.result(box, `${box.instanceId}  ${box.purpose}  ends in ${until(box.expiresAt)}`);
    return EXIT.ok;
  },
};
