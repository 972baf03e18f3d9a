import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';
import { Problem } from '../framework/problem';

/** `drawbridge backup` */
export const backup: Command = {
  name: 'backup',
  summary: 'back up and prove databases now, as the schedule does every night',
  examples: [
    ['drawbridge backup', 'every database of the stack'],
    ['drawbridge backup app', 'this one'],
    ['drawbridge backup --json', 'what came of it, for scripts; exit code 1 when one failed'],
  ],
  configure: (parser) => {
    parser.argument('[database...]', 'names among the databases of the stack; all when left out');
  },
  run: async (context, _options, databases) => {
    const { findStack } = await import('../aws/stack');
    const { withCatalog } = await import('../backups/catalog');
    const { inBytes } = await import('../../contract/bytes');
    const { idOf } = await import('../backups/id');
    const { Run } = await import('../backups/run');
    const stack = await findStack(context);
    const run = await Run.start(context, stack, databases);
    const { ui } = context;
    try {
      const ended = await ui.step('Backing up', (progress) =>
        withCatalog(context, stack, (catalog) => run.follow(catalog, progress)),
      );
      const lines = ended.map(({ database, backup: made, proof, status, error, cause }) =>
        made === null || status !== 'SUCCEEDED'
          ? `${database}: ${error ?? status}: ${cause ?? 'no reason was given'}`
          : `${database}: ${idOf(made.prefix)}  ${inBytes(made.storedBytes)} of ${inBytes(made.plainBytes)}, ` +
            `${made.tables} tables, ${made.rows} rows, ${made.seconds.toFixed(0)} s, ${proof?.outcome ?? 'unproven'}`,
      );
      ui.result({ execution: run.execution, databases: ended }, lines.join('\n'));
      return ended.every(({ status }) => status === 'SUCCEEDED') ? EXIT.ok : EXIT.failed;
    } catch (error) {
      if (!context.interrupted.aborted) throw error;
      throw new Problem(
        EXIT.interrupted,
        `Nobody watches any more, and the run goes on: ${run.execution}.`,
        `To stop it: aws stepfunctions stop-execution --execution-arn ${run.execution} (its box is ended then).`,
      );
    } finally {
      run.close();
    }
  },
};
