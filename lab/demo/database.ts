import { join } from 'node:path';
import type { HostPostgres } from '../parts';
import { loadSample } from '../sample/load';
import type { RunningLab } from '../start';
import type { Cloud } from './cloud';
import type { Outputs } from './outputs';

/** Orders in the sample shop; each brings about 3.7 rows. */
const ORDERS = 80_000;

/**
 * Fills the stack's database as its master, over TLS. On AWS this would need an access box; in the lab the database listens
 * on this machine.
 */
export async function fillDatabase(
  cloud: Cloud,
  lab: RunningLab,
  postgres: HostPostgres,
  outputs: Outputs,
): Promise<string> {
  const { username, password } = await cloud.credentials(outputs.DatabaseSecretArn);
  const environment = {
    PGHOST: outputs.DatabaseEndpoint,
    PGPORT: outputs.DatabasePort,
    PGDATABASE: outputs.DatabaseName,
    PGUSER: username,
    PGPASSWORD: password,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: join(lab.directory, 'rds-ca.pem'),
  };
  await loadSample({ psql: join(postgres.bin, 'psql'), environment }, { rows: ORDERS });
  return `a shop with ${ORDERS.toLocaleString('en')} orders: partitions, triggers, row security, large objects, …`;
}
