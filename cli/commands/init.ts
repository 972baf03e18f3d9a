import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import type { InitOptions } from '../init/init';

/** `drawbridge init`, which `npm run init` calls. */
export const init: Command<InitOptions> = {
  name: 'init',
  summary: 'look for databases and VPCs in the account, and write settings for one into cdk.json',
  examples: [
    ['drawbridge init', 'asks which database or VPC'],
    [
      'drawbridge init orders',
      'for the RDS instance or Aurora cluster "orders"; --dry-run only shows what would change',
    ],
    ['drawbridge init --vpc vpc-0123456789abcdef0', 'a database of its own, in that VPC'],
  ],
  configure: (parser) => {
    parser
      .argument('[database]', 'identifier of an RDS instance or Aurora cluster')
      .option('--vpc <id>', 'VPC to stand in; with a database: the one where it must be')
      .option(
        '--secret <id>',
        'name or ARN of the secret with `username` and `password`; by default the one that RDS manages',
      )
      .option(
        '--database-name <name>',
        'database to back up; by default the one that was created with the server',
      )
      .option('--file <path>', 'the settings to write', 'cdk.json')
      .option('--dry-run', 'only show what would change');
  },
  run: async (context, options, [database]) => {
    const { initialise } = await import('../init/init');
    await initialise(context, options, database);
    return EXIT.ok;
  },
};
