/** `npm run soak:many -- --databases 20`: one run over many databases in the lab; fails unless each is backed up and proven. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { Cloud } from '../../lab/demo/cloud';
import { masterEnvironment } from '../../lab/demo/database';
import type { Outputs } from '../../lab/demo/outputs';
import { hostPostgres } from '../../lab/parts';
import { deployInLab } from '../support/deployed';
import { stopSchedules } from '../support/schedules';

const FILL =
  'CREATE TABLE t (id int PRIMARY KEY, word text); INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 1000) i';

/** Makes the databases, and a small table in each. */
async function fill(
  lab: Parameters<typeof masterEnvironment>[1],
  outputs: Outputs,
  names: readonly string[],
): Promise<void> {
  const [postgres] = hostPostgres();
  const environment = await masterEnvironment(new Cloud(), lab, outputs);
  const psql = (database: string, sql: string): void => {
    execFileSync(join(postgres?.bin ?? '', 'psql'), ['-Xqc', sql], {
      env: { ...process.env, ...environment, PGDATABASE: database },
    });
  };
  for (const name of names) {
    if (name !== 'app') psql('app', `CREATE DATABASE ${name}`);
    psql(name, FILL);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      databases: { type: 'string', default: '20' },
      concurrency: { type: 'string', default: '2' },
    },
  });
  const names = Array.from({ length: Number(values.databases) }, (_, at) => (at === 0 ? 'app' : `db${at}`));
  const settings = [`databases=${names.join(',')}`, `backupConcurrency=${values.concurrency}`, 'maxBoxes=40'];
  const { lab, outputs, order, stop } = await deployInLab(settings);
  const sfn = new SFNClient();
  try {
    await stopSchedules();
    await fill(lab, outputs, names);
    await order('/lab/time', { factor: 100 });
    const begun = Date.now();
    const { executionArn } = await sfn.send(
      new StartExecutionCommand({ stateMachineArn: outputs.RunStateMachineArn, input: '{}' }),
    );
    let run = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    while (run.status === 'RUNNING') {
      await sleep(1_000);
      run = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    }
    const seconds = ((Date.now() - begun) / 1000).toFixed(0);
    console.log(
      `${names.length} databases, ${values.concurrency} at a time: ${run.status ?? ''} in ${seconds} s`,
    );
    if (run.status !== 'SUCCEEDED') throw new Error(run.cause);
  } finally {
    sfn.destroy();
    await stop();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
