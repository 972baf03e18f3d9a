import { EXIT } from '../../contract/exit-codes';
import { JUMP_HOST } from '../../contract/tags';
import type { Command } from '../framework/command';
import { table } from '../framework/ui';

/** `drawbridge status` */
export const status: Command = {
  name: 'status',
  summary: 'show the stack, its database, the jump host and how many boxes run',
  examples: [
    ['drawbridge status', 'of the stack "drawbridge"'],
    ['drawbridge status --stack staging --json', 'of another, for scripts'],
  ],
  run: async (context) => {
    const { findStack, optionalOutput, output } = await import('../aws/stack');
    const { listBoxes } = await import('../boxes/list');
    const stack = await findStack(context);
    const running = await listBoxes(context, stack);
    const boxes = running.filter(({ purpose }) => purpose !== JUMP_HOST);
    const jumpHost = running.find(({ purpose }) => purpose === JUMP_HOST);
    const hasJumpHost = optionalOutput(stack, 'jumpHostGroup') !== undefined;
    const value = {
      stack: stack.name,
      region: stack.region,
      status: stack.status,
      database: {
        host: output(stack, 'databaseEndpoint'),
        port: Number(output(stack, 'databasePort')),
        name: output(stack, 'databaseName'),
      },
      jumpHost: hasJumpHost ? (jumpHost?.state ?? 'down') : 'none',
      boxes: boxes.length,
    };
    const { host, port, name } = value.database;
    const rows = [
      ['stack', `${value.stack} in ${value.region}: ${value.status}`],
      ['database', `${name} on ${host}:${port}`],
      ['jump host', value.jumpHost],
      ['boxes', String(value.boxes)],
    ];
    context.ui.result(value, table([], rows));
    return EXIT.ok;
  },
};
