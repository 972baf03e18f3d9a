import { EXIT } from '../../contract/exit-codes';
import { optionalOutput, type Stack } from '../aws/stack';
import type { ConnectOptions, Target } from '../commands/connect';
import { Problem } from '../framework/problem';

/** What there is to forward, and what runs on top. */
export interface Plan {
  /** Names of databases; undefined when the database is not asked for. */
  readonly databases: readonly string[] | undefined;
  readonly targets: readonly Target[];
  /** The engine's own client, a program with its words, or none. */
  readonly program: 'client' | readonly string[] | undefined;
}

const refuse = (message: string, next: string): never => {
  throw new Problem(EXIT.usage, message, next);
};

/** @throws Problem for words that do not go together; nothing has happened by then */
export function planOf(
  options: ConnectOptions,
  databases: readonly string[],
  behind: readonly string[],
): Plan {
  const { host, port, localPort } = options;
  if ((host === undefined) !== (port === undefined))
    refuse('--host and --port belong together.', 'Give both, or --target host:port.');
  if (options.iam === true && options.user === undefined)
    refuse(
      '--iam needs --user: a database user that may log in with a token.',
      'For example --iam --user eva.',
    );
  if (options.client === true && behind.length > 0)
    refuse(
      '--client and a program behind -- exclude each other.',
      'A client takes its words so: `-- psql -c "select 1"`.',
    );
  const single = host === undefined || port === undefined ? [] : [{ host, port, localPort }];
  if (single.length > 0 && databases.length > 0)
    refuse('--host takes the place of the database.', 'Use --target for something besides the database.');
  if (single.length > 0 && options.client === true)
    refuse('--client is for the database, and --host takes its place.', 'Use --target instead of --host.');
  return {
    databases: single.length > 0 ? undefined : databases,
    targets: [...single, ...options.target],
    program: options.client === true ? 'client' : behind.length > 0 ? behind : undefined,
  };
}

/** @throws Problem when the stack lets nobody reach more than the database */
export function demandTargets(stack: Stack, targets: readonly Target[]): void {
  if (targets.length > 0 && optionalOutput(stack, 'forwardDocument') === undefined)
    refuse(
      `${stack.name} lets boxes reach the database and nothing else.`,
      'Name the machine and port in the setting accessTargets and deploy.',
    );
}
