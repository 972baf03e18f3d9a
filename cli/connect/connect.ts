import { EXIT } from '../../contract/exit-codes';
import { findStack, output, type Stack } from '../aws/stack';
import type { ConnectOptions } from '../commands/connect';
import { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { until } from '../framework/time';
import { type DatabaseAccess, databaseAccess, engineOf } from './database';
import { clientsOf } from './clients/clients';
import { Expiry } from './expiry';
import { onKey } from './keys';
import { demandTargets, type Plan, planOf } from './plan';
import { findProgram, runProgram } from './run-program';
import { Tunnel } from './tunnel';
import { findWay, type Way } from './way';

/** A plan whose program is known to be there. */
type RunnablePlan = Omit<Plan, 'program'> & { readonly program: readonly string[] | undefined };

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
  const program = plan.program === 'client' ? [clientOn(context, stack)] : plan.program;
  const cleanup = new Cleanup(context.ui);
  try {
    return await connected(context, stack, options, { ...plan, program }, cleanup);
  } finally {
    await cleanup.run();
  }
}

async function connected(
  context: Context,
  stack: Stack,
  options: ConnectOptions,
  plan: RunnablePlan,
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
      plugin: options.plugin ?? false,
      notice: (line) => {
        context.ui.warn(line);
      },
    });
    cleanup.add('end the session', () => tunnel.close());
    tunnels.push(tunnel);
    return tunnel;
  };
  if (access !== undefined) {
    const toDatabase = (localPort: number): Promise<Tunnel> =>
      open(output(stack, 'connectDocument'), localPort);
    await access.begin(toDatabase, options.localPort, cleanup);
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
  if (plan.program !== undefined) {
    const words = access?.words(plan.program) ?? plan.program;
    return Promise.race([runProgram(context, words, access?.variables() ?? {}), lost]);
  }
  await Promise.race([interruption(context.interrupted), lost]);
  return EXIT.ok;
}

/** The engine's client on this machine; asked for before anything is opened. */
const clientOn = (context: Context, stack: Stack): string =>
  findProgram(clientsOf(engineOf(stack)).programs, context.environment);

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
  plan: RunnablePlan,
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
