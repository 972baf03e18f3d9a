import { EXIT } from '../../contract/exit-codes';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import { forwardPort, listen, type OfficialPlugin } from '../session';
import { withEither } from './either-client';
import type { SessionRequest } from './grant';
import { runPlugin } from './plugin';
import type { StartedSession } from './start-session';

/** A local port that leads somewhere for as long as one session lasts. */
export interface Leg {
  readonly port: number;
  /** By the official plugin. */
  readonly plugin: boolean;
  /** Why the session ended; never rejects. */
  readonly ended: Promise<string>;
  /** Stops listening and ends the session, here and in AWS; safe to call twice. */
  readonly end: () => Promise<void>;
}

/**
 * Opens a session that forwards a local port, 0 for any that is free.
 *
 * @throws Problem or SessionError when there is no session, or the local port cannot be had
 */
export const openLeg = (context: Context, request: SessionRequest, port: number): Promise<Leg> =>
  withEither(context, request, {
    own: (started) => ownLeg(context, started, port),
    official: (plugin) => officialLeg(context, plugin, request, port),
  });

async function ownLeg(context: Context, { session, end }: StartedSession, port: number): Promise<Leg> {
  const refused = (message: string): void => {
    context.ui.warn(message);
  };
  try {
    const forward = await forwardPort(session, { port }, { refused });
    return {
      port: forward.port,
      plugin: false,
      ended: session.ended.then(({ message }) => message),
      end: async () => {
        await forward.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The plugin's own words (src/sessionmanagerplugin/session/portsession/muxportforwarding.go). */
const OPENED = /^Port (\d+) opened/m;

async function officialLeg(
  context: Context,
  plugin: OfficialPlugin,
  request: SessionRequest,
  port: number,
): Promise<Leg> {
  await demandFree(port);
  const run = await runPlugin(
    context,
    plugin,
    { ...request, parameters: { ...request.parameters, localPortNumber: String(port) } },
    // A Ctrl-C that is meant for a program on top would end it.
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  let said = '';
  const opened = new Promise<number>((resolve) => {
    const listenTo = (chunk: Buffer): void => {
      said = `${said}${chunk.toString()}`.slice(-MOST_SAID);
      const found = OPENED.exec(said);
      if (found !== null) resolve(Number(found[1]));
    };
    run.child.stdout?.on('data', listenTo);
    run.child.stderr?.on('data', listenTo);
  });
  const ended = run.exited.then(
    () => `${plugin.program} has ended: ${lastLine(said)}`,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const failed = ended.then((message): never => {
    throw new Problem(EXIT.unavailable, message, 'Try again without --plugin, or run `drawbridge doctor`.');
  });
  failed.catch(() => undefined);
  try {
    return { port: await Promise.race([opened, failed]), plugin: true, ended, end: run.end };
  } catch (error) {
    await run.end();
    throw error;
  }
}

/** Characters of what the plugin says that are kept. */
const MOST_SAID = 4_096;

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** The plugin does not end when its port is taken (plugin issue 141). @throws SessionError `local-port` */
async function demandFree(port: number): Promise<void> {
  const server = await listen({ port }, (socket) => socket.destroy());
  await new Promise((resolve) => server.close(resolve));
}
