import { EXIT } from '../../contract/exit-codes';
import { findStack, optionalOutput, output, type Stack } from '../aws/stack';
import type { ConnectOptions, Target } from '../commands/connect';
import { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { until } from '../framework/time';
import { type DatabaseAccess, databaseAccess } from './database';
import { Expiry } from './expiry';
import { onKey } from './keys';
import { runProgram } from './run-program';
import { Tunnel } from './tunnel';
import { findWay, type Way } from './way';

/** What there is to forward. */
interface Plan {
  /** Names of databases; undefined when the database is not asked for. */
  readonly databases: readonly string[] | undefined;
  readonly targets: readonly Target[];
  readonly program: readonly string[] | undefined;
}

/** @throws Problem for words that do not go together; nothing has happened by then */
function planOf(options: ConnectOptions, databases: readonly string[], behind: readonly string[]): Plan {
  const refuse = (message: string, next: string): never => {
    throw new Problem(EXIT.usage, message, next);
  };
  if ((options.host === undefined) !== (options.port === undefined))
    refuse('--host and --port belong together.', 'Give both, or --target host:port.');
  if (options.iam === true && options.user === undefined)
    refuse(
      '--iam needs --user: a database user that has been granted rds_iam.',
      'For example --iam --user eva.',
    );
  if (options.psql === true && behind.length > 0)
    refuse(
      '--psql and a program behind -- exclude each other.',
      'psql takes its words so: `-- psql -c "select 1"`.',
    );
  const single =
    options.host === undefined || options.port === undefined
      ? []
      : [{ host: options.host, port: options.port, localPort: options.localPort }];
  if (single.length > 0 && databases.length > 0)
    refuse('--host takes the place of the database.', 'Use --target for something besides the database.');
  const program = options.psql === true ? ['psql'] : behind.length > 0 ? behind : undefined;
  return {
    databases: single.length > 0 ? undefined : databases,
    targets: [...single, ...options.target],
    program,
  };
}

/**
 * Puts the database, and whatever else is asked for, on localhost, until it is interrupted, the program on top ends, or there
 * is no way any more. Whatever was opened for it is closed then.
 */
export async function runConnect(
  context: Context,
  options: ConnectOptions,
  databases: readonly string[],
  behind: readonly string[],
): Promise<number> {
  const plan = planOf(options, databases, behind);
  const stack = await findStack(context);
  demandTargets(stack, plan.targets);
  const cleanup = new Cleanup(context.ui);
  try {
    return await connected(context, stack, options, plan, cleanup);
  } finally {
    await cleanup.run();
  }
}

function demandTargets(stack: Stack, targets: readonly Target[]): void {
  if (targets.length === 0 || optionalOutput(stack, 'forwardDocument') !== undefined) return;
  throw new Problem(
    EXIT.usage,
    `${stack.name} lets boxes reach the database and nothing else.`,
    'Name the machine and port in the setting accessTargets and deploy.',
  );
}

async function connected(
  context: Context,
  stack: Stack,
  options: ConnectOptions,
  plan: Plan,
  cleanup: Cleanup,
): Promise<number> {
  // Asked for side by side: the way takes longest when it has to be made.
  const accessing =
    plan.databases === undefined
      ? undefined
      : databaseAccess(context, stack, { ...options, databases: plan.databases }, cleanup);
  accessing?.catch(() => undefined);
  const way = await findWay(context, stack, options, cleanup);
  const access = await accessing;
  const tunnels: Tunnel[] = [];
  const open = async (documentName: string, localPort: number, parameters = {}): Promise<Tunnel> => {
    const tunnel = await Tunnel.open(context, {
      instanceId: way.instanceId,
      documentName,
      parameters,
      localPort,
      notice: (line) => {
        context.ui.warn(line);
      },
    });
    cleanup.add('end the session', () => tunnel.close());
    tunnels.push(tunnel);
    return tunnel;
  };
  if (access !== undefined) {
    const tunnel = await open(output(stack, 'connectDocument'), options.localPort);
    access.arriveAt(tunnel.port);
    access.keepFresh(tunnel.port, cleanup);
  }
  const forwards: { host: string; port: number; localPort: number }[] = [];
  for (const { host, port, localPort } of plan.targets) {
    const tunnel = await open(output(stack, 'forwardDocument'), localPort, {
      host,
      portNumber: String(port),
    });
    forwards.push({ host, port, localPort: tunnel.port });
  }
  if (plan.program === undefined || context.ui.json) report(context, way, access, forwards);
  watch(context, stack, way, options, plan, cleanup);
  const lost = Promise.race(tunnels.map(({ failed }) => failed)).then((problem) => {
    throw problem;
  });
  if (plan.program !== undefined)
    return Promise.race([runProgram(context, plan.program, access?.variables() ?? {}), lost]);
  await Promise.race([interruption(context.interrupted), lost]);
  return EXIT.ok;
}

const interruption = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });

function report(
  context: Context,
  way: Way,
  access: DatabaseAccess | undefined,
  forwards: readonly { host: string; port: number; localPort: number }[],
): void {
  const value = {
    box: way.instanceId,
    expiresAt: way.expiresAt,
    closesBox: way.isOurs,
    databases: access?.describe() ?? [],
    forwards,
  };
  const lines = [
    ...(access?.text() ?? []),
    ...forwards.map(({ host, port, localPort }) => `${host}:${port} is on 127.0.0.1:${localPort}`),
  ];
  context.ui.event(value, lines.join('\n'));
  const end = way.expiresAt === null ? '' : `, which ends in ${until(way.expiresAt)}`;
  context.ui.say(
    `Through ${way.instanceId}${end}. Ctrl-C closes ${way.isOurs ? 'everything, the box too' : 'it'}.`,
  );
}

function watch(
  context: Context,
  stack: Stack,
  way: Way,
  options: ConnectOptions,
  plan: Plan,
  cleanup: Cleanup,
): void {
  if (way.expiresAt === null) return;
  const expiry = new Expiry(context, stack, way.instanceId, way.expiresAt, options.keepAlive ?? false);
  void expiry.watch();
  cleanup.add('stop watching', () => {
    expiry.end();
    return Promise.resolve();
  });
  if (plan.program === undefined) onKey(context, 'e', () => expiry.extend(), cleanup);
}
