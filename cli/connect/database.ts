import { output, type Stack } from '../aws/stack';
import type { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { explain } from '../framework/explain';
import { type Credentials, iamCredentials, masterCredentials } from './credentials';
import { conninfo, type LocalDatabase, passwordLine, url, variables } from './postgres';
import { PrivateFiles } from './private-files';
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
  private readonly rootsFile: string;
  private passwordFile = '';
  private port = 0;

  constructor(
    private readonly context: Context,
    private readonly stack: Stack,
    private readonly options: DatabaseOptions,
    private credentials: Credentials,
    roots: string,
  ) {
    this.rootsFile = this.files.write('roots.pem', roots);
  }

  /** The tunnel comes out at this local port. */
  arriveAt(port: number): void {
    this.port = port;
    this.passwordFile = this.files.write(
      'passwords',
      passwordLine(output(this.stack, 'databaseEndpoint'), port, this.credentials),
    );
  }

  /** Keeps a password that does not last fresh, until the cleanup. */
  keepFresh(port: number, cleanup: Cleanup): void {
    const { renewMs } = this.credentials;
    if (renewMs === undefined) return;
    const timer = setInterval(() => {
      credentialsFor(this.context, this.stack, this.options).then(
        (credentials) => {
          this.credentials = credentials;
          this.arriveAt(port);
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

  /** For `--json`. */
  describe(): readonly object[] {
    return this.locals().map((local) => ({
      database: local.database,
      host: '127.0.0.1',
      port: local.port,
      serverName: local.host,
      user: local.user,
      conninfo: conninfo(local),
      url: url(local),
      rootsFile: local.rootsFile,
      passwordFile: local.passwordFile,
      ...(this.options.showPassword === true ? { password: this.credentials.password } : {}),
    }));
  }

  /** For people. */
  text(): readonly string[] {
    const { ui } = this.context;
    const lines = this.locals().flatMap((local) => [
      `${local.database} is on 127.0.0.1:${local.port}`,
      `  ${ui.styled('bold', `psql "${conninfo(local)}"`)}`,
    ]);
    return this.options.showPassword === true ? [...lines, `password: ${this.credentials.password}`] : lines;
  }

  /** For programs. */
  variables(): Readonly<Record<string, string>> {
    const [first] = this.locals();
    return first === undefined ? {} : variables(first);
  }

  remove(): Promise<void> {
    return this.files.remove();
  }

  private locals(): LocalDatabase[] {
    const { databases } = this.options;
    const names = databases.length > 0 ? databases : [output(this.stack, 'databaseName')];
    return names.map((database) => ({
      host: output(this.stack, 'databaseEndpoint'),
      port: this.port,
      database,
      user: this.credentials.user,
      rootsFile: this.rootsFile,
      passwordFile: this.passwordFile,
    }));
  }
}

const credentialsFor = (context: Context, stack: Stack, options: DatabaseOptions): Promise<Credentials> =>
  options.iam === true && options.user !== undefined
    ? iamCredentials(context, stack, options.user)
    : masterCredentials(context, stack);

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
