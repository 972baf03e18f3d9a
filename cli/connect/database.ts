import { ENGINES, type Engine } from '../../contract/engines';
import { EXIT } from '../../contract/exit-codes';
import { output, type Stack } from '../aws/stack';
import type { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { explain } from '../framework/explain';
import { Problem } from '../framework/problem';
import { type Clients, clientsOf, type LocalServer } from './clients/clients';
import { type Credentials, iamCredentials, masterCredentials } from './credentials';
import { PrivateFiles } from './private-files';
import { Relay } from './relay/relay';
import { trustedRoots } from './roots';

/** What is asked about the login. */
export interface DatabaseOptions {
  /** Names; none: the stack's own. */
  readonly databases: readonly string[];
  readonly iam?: boolean;
  readonly user?: string;
  readonly showPassword?: boolean;
}

/** Everything a client needs besides a tunnel: who to be, whom to trust, and files that say so. */
export class DatabaseAccess {
  private readonly files = new PrivateFiles();
  private readonly clients: Clients;
  private rootsFile: string;
  private loginFile = '';
  private port = 0;

  constructor(
    private readonly context: Context,
    private readonly stack: Stack,
    private readonly options: DatabaseOptions,
    private credentials: Credentials,
    private readonly roots: string,
  ) {
    this.clients = clientsOf(engineOf(stack));
    this.rootsFile = this.files.write('roots.pem', roots);
  }

  /**
   * Makes the local port ready for clients.
   *
   * @param openTunnel - opens it at a local port, 0 for any, and says at which
   * @param localPort - where clients are to find the database
   */
  async begin(
    openTunnel: (localPort: number) => Promise<{ readonly port: number }>,
    localPort: number,
    cleanup: Cleanup,
  ): Promise<void> {
    this.port = this.clients.checkName
      ? (await openTunnel(localPort)).port
      : await this.relay((await openTunnel(0)).port, localPort, cleanup);
    this.writeLogin();
    this.keepFresh(cleanup);
  }

  /** For `--json`. */
  describe(): readonly object[] {
    const { server, clients, credentials } = this;
    return this.names.map((database) => ({
      database,
      host: '127.0.0.1',
      port: server.port,
      serverName: server.host,
      user: server.user,
      ...clients.connectionStrings(server, database),
      rootsFile: server.rootsFile,
      ...(this.options.showPassword === true ? { password: credentials.password ?? null } : {}),
    }));
  }

  /** For people. */
  text(): readonly string[] {
    const { ui } = this.context;
    const lines = this.names.flatMap((database) => [
      `${database} is on 127.0.0.1:${this.port}`,
      `  ${ui.styled('bold', this.clients.command(this.server, database))}`,
    ]);
    const { password } = this.credentials;
    return this.options.showPassword === true && password !== undefined
      ? [...lines, `password: ${password}`]
      : lines;
  }

  /** What a program on top is told by its environment. */
  variables(): Readonly<Record<string, string>> {
    return this.clients.variables(this.server, this.first);
  }

  /** A program on top, with what it has to be told by its words. */
  words(program: readonly string[]): readonly string[] {
    return this.clients.words(this.server, this.first, program);
  }

  remove(): Promise<void> {
    return this.files.remove();
  }

  private async relay(tunnelPort: number, port: number, cleanup: Cleanup): Promise<number> {
    const { ui } = this.context;
    const relay = await Relay.open({
      port,
      tunnelPort,
      serverName: output(this.stack, 'databaseEndpoint'),
      roots: this.roots,
      refused: (message) => {
        ui.warn(message);
      },
    });
    cleanup.add('close the local port', () => relay.close());
    this.rootsFile = this.files.write('roots.pem', relay.certificate);
    return relay.port;
  }

  private writeLogin(): void {
    const { loginName } = this.clients;
    this.loginFile = this.files.write(loginName, this.clients.login(this.server, this.credentials.password));
  }

  /** Keeps a password that does not last fresh, until the cleanup. */
  private keepFresh(cleanup: Cleanup): void {
    const { renewMs } = this.credentials;
    if (renewMs === undefined) return;
    const timer = setInterval(() => {
      credentialsFor(this.context, this.stack, this.options).then(
        (credentials) => {
          this.credentials = credentials;
          this.writeLogin();
        },
        (error: unknown) => {
          this.context.ui.warn(`The token was not renewed: ${explain(error, this.context).message}`);
        },
      );
    }, renewMs);
    cleanup.add('stop renewing the token', () => {
      clearInterval(timer);
      return Promise.resolve();
    });
  }

  private get names(): readonly string[] {
    const { databases } = this.options;
    return databases.length > 0 ? databases : [output(this.stack, 'databaseName')];
  }

  private get first(): string {
    return this.names[0] ?? '';
  }

  private get server(): LocalServer {
    return {
      host: output(this.stack, 'databaseEndpoint'),
      port: this.port,
      user: this.credentials.user,
      rootsFile: this.rootsFile,
      loginFile: this.loginFile,
    };
  }
}

/** The engine of the stack's database. @throws Problem when this program does not know it */
export function engineOf(stack: Stack): Engine {
  const said = output(stack, 'databaseEngine');
  const engine = ENGINES.find((name) => name === said);
  if (engine !== undefined) return engine;
  throw new Problem(
    EXIT.notFound,
    `The stack "${stack.name}" has a database of an unknown engine, ${said}.`,
    'Use the version of this program that the stack was deployed with.',
  );
}

/** The token of a user, that user without a password, or the master. */
async function credentialsFor(
  context: Context,
  stack: Stack,
  { iam, user }: DatabaseOptions,
): Promise<Credentials> {
  if (user === undefined) return masterCredentials(context, stack);
  return iam === true ? iamCredentials(context, stack, user) : { user };
}

/** Fetches credentials and roots, side by side. */
export async function databaseAccess(
  context: Context,
  stack: Stack,
  options: DatabaseOptions,
  cleanup: Cleanup,
): Promise<DatabaseAccess> {
  const [credentials, roots] = await Promise.all([
    credentialsFor(context, stack, options),
    trustedRoots(context, stack),
  ]);
  const access = new DatabaseAccess(context, stack, options, credentials, roots);
  cleanup.add('remove the files with the password', () => access.remove());
  return access;
}
