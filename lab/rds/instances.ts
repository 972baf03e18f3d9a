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
import { hostPostgres } from '../parts';
import { makeAuthority } from './authority';
import { startCluster, type Cluster } from './cluster';
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

/**
 * PostgreSQL servers behind RDS instances. All of them carry one certificate, signed by the lab's authority, which stands in
 * `rds-ca.pem` from the lab's start on: as RDS's roots do in AWS, it has to be known before anything is deployed.
 */
export class DbInstances {
  private readonly clusters = new Map<string, Cluster>();
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
    const cluster = this.clusters.get(identifier);
    return cluster === undefined ? undefined : { address: cluster.host, port: cluster.port };
  }

  /** @throws AwsFault in RDS's words when this machine cannot run such an instance */
  refuseUnknown(engine: string, engineVersion: string | undefined, database: string | undefined): void {
    if (engine !== 'postgres') {
      throw new AwsFault(
        'InvalidParameterValue',
        `The lab's RDS runs the engine postgres only; not "${engine}".`,
      );
    }
    const [host] = hostPostgres();
    if (host === undefined) {
      throw new AwsFault(
        'InvalidParameterCombination',
        'No PostgreSQL server is installed on the machine of the lab.',
      );
    }
    if (engineVersion !== undefined && Number.parseInt(engineVersion, 10) !== host.major) {
      throw new AwsFault(
        'InvalidParameterCombination',
        `Cannot find version ${engineVersion} for postgres: the machine of the lab has PostgreSQL ${host.major}. ` +
          `Ask for ${host.major}, or install the other major there.`,
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
    const { identifier, database = '', master } = options;
    const directory = join(this.context.directory, 'rds', identifier);
    const { processes } = this.context;
    const cluster = await startCluster({ directory, database, master, processes });
    try {
      await this.useAuthority(cluster, join(directory, 'data'));
    } catch (error) {
      await cluster.stop('immediate');
      throw error;
    }
    this.clusters.set(identifier, cluster);
  }

  /** Changes the master's password, as ModifyDBInstance does. */
  setPassword(identifier: string, username: string, password: string): void {
    const quoted = { name: username.replaceAll('"', '""'), password: password.replaceAll("'", "''") };
    this.clusters
      .get(identifier)
      ?.psql(`ALTER ROLE "${quoted.name}" PASSWORD '${quoted.password}'`, 'superuser', 'postgres');
  }

  /** Stops and removes the server of an instance. */
  async delete(identifier: string): Promise<void> {
    const cluster = this.clusters.get(identifier);
    if (cluster === undefined) return;
    this.clusters.delete(identifier);
    await cluster.stop('immediate');
    rmSync(join(this.context.directory, 'rds', identifier), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const identifier of [...this.clusters.keys()]) await this.delete(identifier);
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
