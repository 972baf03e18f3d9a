import {
  CreateDBInstanceCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  type CreateDBInstanceCommandInput,
} from '@aws-sdk/client-rds';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { hostMariadb, hostPostgres } from '../../lab/parts';
import { startComputeLab, type ComputeLab } from './compute-lab';

let lab: ComputeLab;
let rds: RDSClient;

const major = String(hostPostgres()[0]?.major ?? 0);

const create = (more: Partial<CreateDBInstanceCommandInput> = {}): Promise<unknown> =>
  rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: 'db',
      DBInstanceClass: 'db.t4g.micro',
      Engine: 'postgres',
      EngineVersion: major,
      DBName: 'app',
      MasterUsername: 'owner',
      ManageMasterUserPassword: true,
      AllocatedStorage: 20,
      ...more,
    }),
  );

interface Connection {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

async function connection(): Promise<Connection> {
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'db' }));
  const [found] = DBInstances ?? [];
  const secrets = new SecretsManagerClient(lab.access);
  const { SecretString = '' } = await secrets.send(
    new GetSecretValueCommand({ SecretId: found?.MasterUserSecret?.SecretArn }),
  );
  secrets.destroy();
  const { username: user, password } = JSON.parse(SecretString) as { username: string; password: string };
  return { host: found?.Endpoint?.Address ?? '', port: found?.Endpoint?.Port ?? 0, user, password };
}

async function query(sql: string, more: object = {}): Promise<unknown[]> {
  const ssl = { ca: readFileSync(join(lab.context.directory, 'rds-ca.pem')) };
  const client = new Client({ ...(await connection()), database: 'app', ssl, ...more });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  lab = await startComputeLab();
  rds = new RDSClient(lab.access);
});

afterAll(async () => {
  rds.destroy();
  await lab.stop();
});

it('has its authority before any instance exists', () => {
  expect(readFileSync(join(lab.context.directory, 'rds-ca.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
});

it('refuses engines and majors that the machine does not have', async () => {
  await expect(create({ Engine: 'mysql' })).rejects.toThrow('runs the engines postgres and mariadb');
  await expect(create({ EngineVersion: '9.6' })).rejects.toThrow(`the machine of the lab has ${major}`);
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}));
  expect(DBInstances).toEqual([]);
});

describe('an instance', () => {
  beforeAll(async () => {
    await create({ DeletionProtection: true });
  });

  it('answers at its endpoint, with TLS by the authority, to the managed password', async () => {
    const [row] = await query(
      'select current_user as name, ssl from pg_stat_ssl where pid = pg_backend_pid()',
    );
    expect(row).toEqual({ name: 'owner', ssl: true });
  });

  it('refuses connections without TLS', async () => {
    await expect(query('select 1', { ssl: false })).rejects.toThrow(/no pg_hba.conf entry|no encryption/);
  });

  it('has a master who is no superuser, bypasses no row security and cannot read rdsadmin', async () => {
    const sql =
      'select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user';
    expect(await query(sql)).toEqual([
      { rolsuper: false, rolbypassrls: false, rolcreatedb: true, rolcreaterole: true },
    ]);
    await expect(query('select 1', { database: 'rdsadmin' })).rejects.toThrow(/rdsadmin|pg_hba/);
    await expect(query("copy (select 1) to program 'id'")).rejects.toThrow(
      /superuser|pg_execute_server_program/,
    );
    await expect(query('select * from pg_authid')).rejects.toThrow('permission denied');
  });

  it('is kept by deletion protection, then ends with its server', async () => {
    const remove = new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'db', SkipFinalSnapshot: true });
    await expect(rds.send(remove)).rejects.toThrow('protected');
    expect(await query('select 1 as one')).toEqual([{ one: 1 }]);
    await rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier: 'db',
        DeletionProtection: false,
        ApplyImmediately: true,
      }),
    );
    await expect(rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'db' }))).rejects.toThrow(
      'FinalDBSnapshotIdentifier is required',
    );
    const { host, port } = await connection();
    await rds.send(remove);
    const late = new Client({ host, port, user: 'owner', database: 'app' });
    await expect(late.connect()).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(join(lab.context.directory, 'rds', 'db'))).toBe(false);
  });
});

describe('an instance of MariaDB', () => {
  it('answers at its endpoint, with TLS by the same authority, to a master without SUPER, and ends with its server', async () => {
    await create({ Engine: 'mariadb', EngineVersion: hostMariadb()?.series });
    const { host, port, user, password } = await connection();
    const ask = (sql: string, ...more: string[]): string =>
      execFileSync(
        'mariadb',
        [
          '--no-defaults',
          '--protocol=TCP',
          `-h${host}`,
          `-P${port}`,
          `-u${user}`,
          ...more,
          '-N',
          '-e',
          sql,
          'app',
        ],
        { env: { ...process.env, MYSQL_PWD: password }, encoding: 'utf8', stdio: 'pipe' },
      ).trim();
    const verified = [`--ssl-ca=${join(lab.context.directory, 'rds-ca.pem')}`, '--ssl-verify-server-cert'];
    expect(ask('SELECT current_user()', ...verified)).toBe('owner@%');
    expect(() => ask('SELECT 1', '--skip-ssl')).toThrow(/Access denied|insecure transport/);
    expect(() => ask('FLUSH TABLES WITH READ LOCK', ...verified)).toThrow(/Access denied/);
    expect(() => ask("SELECT 1 INTO OUTFILE '/tmp/x'", ...verified)).toThrow(/Access denied/);
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'db', SkipFinalSnapshot: true }));
    expect(() => ask('SELECT 1', ...verified)).toThrow(/Can't connect/);
  });
});
