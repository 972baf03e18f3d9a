import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { EXIT } from '../../contract/exit-codes';
import { setMariadbStage } from '../support/stage';
import { expectFailure } from './support';

test('a dump of a table that somebody is changing is not begun after a minute', async () => {
  const stage = await setMariadbStage(200);
  try {
    const { host, port, master, caFile, database } = stage.cluster;
    stage.cluster.sql(
      'CREATE TABLE `a\nbusy` (id int PRIMARY KEY); CREATE TABLE `a\nfree` (id int PRIMARY KEY)',
    );
    const where = [`--host=${host}`, `--port=${port}`, `--user=${master.username}`, `--ssl-ca=${caFile}`];
    const holder = spawn('mariadb', ['--no-defaults', '--batch', '--unbuffered', ...where, database], {
      env: { ...process.env, MYSQL_PWD: master.password },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    holder.stdin.write('LOCK TABLES `a\nbusy` WRITE; SELECT 1;\n');
    await once(holder.stdout, 'data');
    const words = /The table `a\nbusy` is being changed by somebody/;
    await expectFailure(stage, () => stage.box(['backup']).end, EXIT.unavailable, words);
    holder.stdin.end();
    await once(holder, 'close');
  } finally {
    await stage.stop();
  }
}, 180_000);
