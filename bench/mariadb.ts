import { join } from 'node:path';
import { startMariadb } from '../lab/rds/mariadb';
import { loadMariadbSample } from '../lab/sample/load';
import type { BenchDatabase } from './database';

/** The same event log as PostgreSQL's: 2.6 million rows make about 500 MB of dump. */
const events = (rows: number): string => `
  CREATE TABLE event (id bigint PRIMARY KEY, at datetime NOT NULL, customer int, kind varchar(10), path varchar(60),
    client varchar(15), took decimal(8,3), token char(32), detail json, KEY (customer, at));
  INSERT INTO event
  SELECT seq, TIMESTAMPADD(MICROSECOND, seq * 1700000, '2026-01-01'), (seq * 7919) % 100003,
    ELT(1 + (seq * 31) % 6, 'view', 'search', 'basket', 'order', 'login', 'logout'),
    CONCAT('/shop/', ELT(1 + seq % 4, 'shoes', 'coats', 'hats', 'belts'), '/', (seq * 104729) % 9973),
    CONCAT('10.0.', (seq * 7907) % 256, '.', (seq * 31) % 256), RAND() * 1000, MD5(seq),
    JSON_OBJECT('agent', CONCAT('Mozilla/5.0 (X11; Linux x86_64) Gecko/', 100 + seq % 40),
      'referrer', CONCAT('https://example.org/', seq % 977), 'size', (seq * 6151) % 90001)
  FROM seq_1_to_${String(rows)}`;

const DUMP = [
  'mariadb-dump --no-defaults --default-character-set=utf8mb4 --max-allowed-packet=1G --protocol=TCP --ssl-verify-server-cert',
  '--single-transaction --quick --routines --events --triggers --hex-blob --no-tablespaces --skip-add-drop-table',
].join(' ');

/** Makes a server of MariaDB with the sample and an event log of so many rows. */
export async function makeMariadb(directory: string, rows: number): Promise<BenchDatabase> {
  const server = await startMariadb({ directory: join(directory, 'mariadb') });
  const stop = (): Promise<void> => server.stop('immediate');
  try {
    loadMariadbSample((sql) => server.sql(sql), { rows: 10_000 });
    server.sql(events(rows));
    const { host, port, database: name, master, caFile } = server;
    const reach = `--host=${host} --port=${String(port)} --user=${master.username} --ssl-ca="${caFile}"`;
    const environment = { MYSQL_PWD: master.password };
    const dump = `${DUMP} ${reach} ${name}`;
    return {
      engine: 'mariadb',
      host,
      port: String(port),
      name,
      ...master,
      caFile,
      bin: undefined,
      dump,
      environment,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
