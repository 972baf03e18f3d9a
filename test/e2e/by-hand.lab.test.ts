/** Restores by hand, with standard tools alone: exactly the commands of the README, as it prints them. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { prepareEmulator } from '../../lab/moto';
import { BUCKET, setMariadbStage, setStage, type Stage } from '../support/stage';

const ROWS = 300;

/** The shell commands below "Restore by hand", block by block. */
const blocks = ((): string[] => {
  const text = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  const [, section = ''] = /\n## Restore by hand\n([^]*?)\n## /.exec(text) ?? [];
  return [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) => block);
})();
const blockWith = (command: string): string => blocks.find((block) => block.includes(command)) ?? '';
const [postgres, mariadb] = [blockWith('createdb '), blockWith('mariadb -e')];

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
  stage = undefined;
});

/** Runs a block as it stands; only the prefix is the real one. Fails when any command of it fails. */
async function follow(on: Stage, block: string, more: Readonly<Record<string, string>>): Promise<string> {
  const { code, result } = await on.box(['backup']).end;
  expect(code).toBe(0);
  const real = `s3://${BUCKET}/${String(result.prefix).replace(/\/$/, '')}`;
  const script = block.replace(/^prefix=.*$/m, '');
  const { aws } = await prepareEmulator(() => undefined);
  if (aws === undefined) throw new Error('The AWS CLI is not there.');
  return execFileSync('bash', ['-euo', 'pipefail', '-c', `prefix=${real}\n${script}`], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    env: {
      ...on.environment,
      PATH: [dirname(aws), on.environment.PATH].join(delimiter),
      AWS_DEFAULT_REGION: 'us-east-1',
      // Not by way of the stage's proxy: that is part of this process, which waits.
      AWS_ENDPOINT_URL_S3: on.environment.AWS_ENDPOINT_URL,
      ...more,
    },
  });
}

test('a backup of PostgreSQL is restored by the commands of the README', async () => {
  expect(postgres).toContain('pg_restore');
  const set = await setStage(ROWS);
  stage = set;
  const { host, port, master, caFile } = set.cluster;
  const server = `postgresql://${master.username}:${encodeURIComponent(master.password)}@${host}:${port}`;
  const said = await follow(set, postgres, { server, PGSSLMODE: 'verify-full', PGSSLROOTCERT: caFile });
  expect(said).toContain('"formatVersion": 1');
  const [, stored = ''] = /"data": \{[^}]*"storedSha256": "(\w+)"/.exec(said) ?? [];
  expect(said).toContain(`${stored}  -`);
  const ask = (database: string): string =>
    set.cluster.psql('SELECT count(*), sum(quantity) FROM shop.line', 'master', database);
  expect(ask('restored')).toBe(ask('app'));
});

test('a backup of MariaDB is restored by the commands of the README', async () => {
  expect(mariadb).toContain('mariadb');
  const set = await setMariadbStage(ROWS);
  stage = set;
  const { host, port, master, caFile } = set.cluster;
  // What everybody has who works with MariaDB: an option file.
  const options = [`host=${host}`, 'protocol=tcp', `port=${port}`, `user=${master.username}`];
  writeFileSync(
    join(set.directory, '.my.cnf'),
    ['[client]', ...options, `ssl-ca=${caFile}`, 'ssl-verify-server-cert', ''].join('\n'),
  );
  await follow(set, mariadb, { MYSQL_PWD: master.password });
  const ask = (database: string): string =>
    set.cluster.sql('SELECT count(*), sum(quantity) FROM line', 'master', database);
  expect(ask('restored')).toBe(ask('app'));
});
