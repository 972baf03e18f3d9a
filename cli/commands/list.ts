import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { until } from '../framework/time';
import { table } from '../framework/ui';

/** The last part of an ARN says who it is; the rest is the account's. */
const who = (arn: string): string => arn.replace(/^arn:[^/]+:(assumed-role|user|federated-user)\//, '');

/** `drawbridge list` */
export const list: Command = {
  name: 'list',
  summary: 'list the boxes: who asked for them, why, until when',
  examples: [
    ['drawbridge list', 'a table'],
    ['drawbridge list --json', 'everything that is known of each'],
  ],
  run: async (context) => {
    const { findStack } = await import('../aws/stack');
    const { listBoxes } = await import('../boxes/list');
    const stack = await findStack(context);
    const boxes = await listBoxes(context, stack);
    const rows = boxes.map((box) => [
      box.instanceId,
      box.purpose,
      box.state,
      box.expiresAt === null ? 'while it is used' : until(box.expiresAt),
      who(box.requestedBy),
      box.reason,
    ]);
    const text =
      rows.length === 0
        ? `No box of ${stack.name} runs.`
        : table(['BOX', 'PURPOSE', 'STATE', 'ENDS IN', 'ASKED FOR BY', 'REASON'], rows);
    context.ui.result(boxes, text);
    return EXIT.ok;
  },
};
