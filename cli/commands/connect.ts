import { InvalidArgumentError, Option } from 'commander';
import type { Command } from '../framework/command';
import { instanceId, minutes, PLUGIN_HELP, port } from '../framework/words';

/** Another machine and port, as `--target` says it. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** 0: any that is free. */
  readonly localPort: number;
}

/** What `connect` was asked. */
export interface ConnectOptions {
  readonly localPort: number;
  readonly target: readonly Target[];
  readonly host?: string;
  readonly port?: number;
  readonly client?: boolean;
  readonly iam?: boolean;
  readonly user?: string;
  readonly showPassword?: boolean;
  readonly box?: string;
  readonly via?: 'jump-host' | 'box';
  readonly minutes?: number;
  readonly reason?: string;
  readonly keepAlive?: boolean;
  readonly leaveOpen?: boolean;
  readonly plugin?: boolean;
}

/** Reads `[local port:]host:port`. */
function target(text: string, before: readonly Target[] = []): readonly Target[] {
  const found = /^(?:(\d{1,5}):)?([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(text);
  if (found === null)
    throw new InvalidArgumentError(
      'It must be host:port or local-port:host:port, such as 16379:cache.internal:6379.',
    );
  const [, local = '0', host = '', remote = ''] = found;
  return [...before, { host: host.replace(/^\[|\]$/g, ''), port: port(remote), localPort: port(local) }];
}

/** `drawbridge connect` */
export const connect: Command<ConnectOptions> = {
  name: 'connect',
  summary: 'put the private database on localhost',
  examples: [
    ['drawbridge connect', 'the database on a free local port, until Ctrl-C'],
    ['drawbridge connect --local-port 15432', 'on this one'],
    ['drawbridge connect --client', 'and psql, mariadb or mysql on top; all is closed when it ends'],
    [
      'drawbridge connect -- pg_dump --schema-only',
      'any program of the engine, told where by its usual ways',
    ],
    ['drawbridge connect app reports', 'two databases of the server'],
    ['drawbridge connect --iam --user eva', 'with a token of 15 minutes in place of the password'],
    ['drawbridge connect --host cache.internal --port 6379', 'something else that accessTargets allows'],
    ['drawbridge connect --keep-alive', 'a box that would expire is extended'],
  ],
  configure: (parser) => {
    parser
      .argument('[database...]', "names of databases on the server; the stack's own when left out")
      .option('--local-port <port>', 'port on this machine; any free one when left out', port, 0)
      .option('--client', "start the engine's client: psql, mariadb or mysql")
      .option('--iam', 'log in with a short-lived IAM token; needs --user')
      .option(
        '--user <name>',
        'database user: for --iam, or one whose password the client asks for; the master when left out',
      )
      .option('--show-password', 'print the password too')
      .option('--host <host>', 'another machine, instead of the database; needs --port')
      .option('--port <port>', 'port of that machine', port)
      .option('--target <[local:]host:port>', 'another machine besides; may be repeated', target, [])
      .option('--box <id>', 'through this box and no other', instanceId)
      .addOption(new Option('--via <way>', 'which kind of way').choices(['jump-host', 'box']))
      .option('--minutes <minutes>', 'life of a box that has to be opened', minutes)
      .option('--reason <words>', 'why, for a box that has to be opened')
      .option('--keep-alive', 'extend the box whenever it is about to expire')
      .option('--leave-open', 'do not close a box that had to be opened')
      .option('--plugin', PLUGIN_HELP);
  },
  run: async (context, options, databases, behind) => {
    const { runConnect } = await import('../connect/connect');
    return runConnect(context, options, databases, behind);
  },
};
