import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { chmodSync, chownSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { readFileSync } from 'node:fs';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { AwsFault } from '../endpoint/fault';
import { hostMariadb, hostPostgres } from '../parts';
import { makeAuthority } from './authority';
import { startCluster, type Cluster } from './cluster';
import { startMariadb } from './mariadb';
import { accountOf } from './system-account';

/** How long a server may take to show its new certificate, in milliseconds. */
const RELOAD_MS = 30_000;

/** What decides how an instance's server is made. */
export interface InstanceOptions {
  readonly identifier: string;
  readonly engine: string;
  /** Major or full version; undefined: this machine's. */
  readonly engineVersion: string | undefined;
  readonly database: string | undefined;
  readonly master: { readonly username: string; readonly password: string };
}

/** The server behind a DB instance. */
export interface DbServer {
  readonly address: string;
  readonly port: number;
}

/** A server that runs. */
interface Running extends DbServer {
  setPassword(username: string, password: string): void;
  stop(): Promise<void>;
}

/** Versions that this machine can run, by engine: what an engine version must be, or begin with. */
const versionOf = (engine: string): string | undefined =>
  engine === 'postgres' ? hostPostgres()[0]?.major.toString() : hostMariadb()?.series;

/**
 * PostgreSQL and MariaDB servers behind RDS instances. All of them carry one certificate, signed by the lab's authority, which stands in
 * `rds-ca.pem` from the lab's start on: as RDS's roots do in AWS, it has to be known before anything is deployed.
 */
export class DbInstances {
  private readonly servers = new Map<string, Running>();
  private readonly authority: string;
  private readonly account = accountOf('postgres');
  /** PEM file of the lab's authority. */
  readonly caFile: string;

  constructor(private readonly context: LabContext) {
    this.authority = join(context.directory, 'rds', 'authority');
    this.caFile = join(context.directory, 'rds-ca.pem');
    mkdirSync(this.authority, { recursive: true, mode: 0o755 });
    copyFileSync(makeAuthority(this.authority, this.authority, ['localhost'], this.account), this.caFile);
  }

  get(identifier: string): DbServer | undefined {
    return this.servers.get(identifier);
  }

  /** @throws AwsFault in RDS's words when this machine cannot run such an instance */
  refuseUnknown(engine: string, engineVersion: string | undefined, database: string | undefined): void {
    if (engine !== 'postgres' && engine !== 'mariadb') {
      throw new AwsFault(
        'InvalidParameterValue',
        `The lab's RDS runs the engines postgres and mariadb; not "${engine}".`,
      );
    }
    const version = versionOf(engine);
    if (version === undefined) {
      throw new AwsFault(
        'InvalidParameterCombination',
        `No ${engine} server is installed on the machine of the lab.`,
      );
    }
    if (engineVersion !== undefined && !`${engineVersion}.`.startsWith(`${version}.`)) {
      throw new AwsFault(
        'InvalidParameterCombination',
        `Cannot find version ${engineVersion} for ${engine}: the machine of the lab has ${version}. ` +
          `Ask for ${version}, or install the other one there.`,
      );
    }
    if (database === undefined) {
      throw new AwsFault(
        'InvalidParameterValue',
        "The lab's RDS needs a DBName; it makes no instance without one.",
      );
    }
  }

  /** Makes and starts the server of a new instance. */
  async create(options: InstanceOptions): Promise<void> {
    const { identifier, engine, database = '', master } = options;
    const directory = join(this.context.directory, 'rds', identifier);
    const start = engine === 'mariadb' ? this.startMariadb.bind(this) : this.startPostgres.bind(this);
    this.servers.set(identifier, await start(directory, database, master));
  }

  private async startMariadb(
    directory: string,
    database: string,
    master: InstanceOptions['master'],
  ): Promise<Running> {
    const { processes } = this.context;
    const authority = { directory: this.authority, caFile: this.caFile };
    const server = await startMariadb({ directory, database, master, processes, authority });
    const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
    return {
      address: server.host,
      port: server.port,
      setPassword: (username, password) => {
        server.sql(`ALTER USER ${quoted(username)}@'%' IDENTIFIED BY ${quoted(password)}`, 'superuser');
      },
      stop: () => server.stop('immediate'),
    };
  }

  private async startPostgres(
    directory: string,
    database: string,
    master: InstanceOptions['master'],
  ): Promise<Running> {
    const { processes } = this.context;
    const cluster = await startCluster({ directory, database, master, processes });
    try {
      await this.useAuthority(cluster, join(directory, 'data'));
    } catch (error) {
      await cluster.stop('immediate');
      throw error;
    }
    return {
      address: cluster.host,
      port: cluster.port,
      setPassword: (username, password) => {
        const quoted = { name: username.replaceAll('"', '""'), password: password.replaceAll("'", "''") };
        cluster.psql(`ALTER ROLE "${quoted.name}" PASSWORD '${quoted.password}'`, 'superuser', 'postgres');
      },
      stop: () => cluster.stop('immediate'),
    };
  }

  /** Changes the master's password, as ModifyDBInstance does. */
  setPassword(identifier: string, username: string, password: string): void {
    this.servers.get(identifier)?.setPassword(username, password);
  }

  /** Stops and removes the server of an instance. */
  async delete(identifier: string): Promise<void> {
    const server = this.servers.get(identifier);
    if (server === undefined) return;
    this.servers.delete(identifier);
    await server.stop();
    rmSync(join(this.context.directory, 'rds', identifier), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const identifier of [...this.servers.keys()]) await this.delete(identifier);
  }

  /**
   * Password in the secret that RDS manages: JSON with `username` and `password`. The emulator writes a user name of its own,
   * RDS the master's (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html).
   */
  async managedPassword(region: string, secretArn: string, username: string): Promise<string> {
    const secrets = new SecretsManagerClient(emulatorAccess(this.context, region));
    try {
      const { SecretString = '{}' } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
      const { password } = JSON.parse(SecretString) as { password?: string };
      if (password === undefined) throw new Error(`The emulator's secret ${secretArn} holds no password.`);
      const text = JSON.stringify({ username, password });
      await secrets.send(new PutSecretValueCommand({ SecretId: secretArn, SecretString: text }));
      return password;
    } finally {
      secrets.destroy();
    }
  }

  /** Gives a server the certificate of the lab's authority and waits until it shows it. */
  private async useAuthority(cluster: Cluster, data: string): Promise<void> {
    for (const name of ['server.crt', 'server.key']) {
      const path = join(data, name);
      copyFileSync(join(this.authority, name), path);
      chmodSync(path, 0o600);
      chownSync(path, this.account.uid, this.account.gid);
    }
    process.kill(cluster.pid, 'SIGHUP');
    const end = Date.now() + RELOAD_MS;
    for (;;) {
      const problem = await this.connect(cluster);
      if (problem === undefined) return;
      if (Date.now() > end) throw problem;
      await sleep(50);
    }
  }

  private async connect(cluster: Cluster): Promise<Error | undefined> {
    const { username: user, password } = cluster.master;
    const { host, port, database } = cluster;
    const ssl = { ca: readFileSync(this.caFile) };
    const client = new Client({ host, port, database, user, password, ssl });
    try {
      await client.connect();
      await client.end();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }
}
