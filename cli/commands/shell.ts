import { Option } from 'commander';
import type { WayOptions } from '../connect/way';
import type { Command } from '../framework/command';
import { instanceId, minutes, PLUGIN_HELP } from '../framework/words';

/** `drawbridge shell` */
export const shell: Command<WayOptions & { readonly plugin?: boolean }> = {
  name: 'shell',
  summary: 'open a shell that is recorded',
  examples: [
    ['drawbridge shell', 'on the jump host or a box; what is typed and printed goes to the session log'],
    ['echo "df -h /" | drawbridge shell', 'works in a pipe too'],
  ],
  configure: (parser) => {
    parser
      .option('--box <id>', 'on this box and no other', instanceId)
      .addOption(new Option('--via <way>', 'which kind of way').choices(['jump-host', 'box']))
      .option('--minutes <minutes>', 'life of a box that has to be opened', minutes)
      .option('--reason <words>', 'why, for a box that has to be opened')
      .option('--leave-open', 'do not close a box that had to be opened')
      .option('--plugin', PLUGIN_HELP);
  },
  run: async (context, options) => {
    const { shellOn } = await import('../connect/shell');
    return shellOn(context, options);
  },
};
