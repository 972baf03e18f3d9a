import { join } from 'node:path';
import type { HostPostgres } from '../parts';
import { LAB_VARIABLE } from '../processes';
import { loadSample } from '../sample/load';
import type { RunningLab } from '../start';
import type { Cloud } from './cloud';
import type { Outputs } from './outputs';

/** Environment with which libpq programs reach the stack's database as its master, over TLS. */
export async function masterEnvironment(
  cloud: Cloud,
  lab: RunningLab,
  outputs: Outputs,
): Promise<Record<string, string>> {
  const { username, password } = await cloud.credentials(outputs.DatabaseSecretArn);
  return {
    [LAB_VARIABLE]: lab.id,
    PGHOST: outputs.DatabaseEndpoint,
    PGPORT: outputs.DatabasePort,
    PGDATABASE: outputs.DatabaseName,
    PGUSER: username,
    PGPASSWORD: password,
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: join(lab.directory, 'rds-ca.pem'),
  };
}

/**
 * Fills the stack's database as its master, over TLS. On AWS this would need an access box; in the lab the database listens
 * on this machine.
 */
export async function fillDatabase(
  cloud: Cloud,
  lab: RunningLab,
  postgres: HostPostgres,
  outputs: Outputs,
  orders: number,
): Promise<string> {
  const environment = await masterEnvironment(cloud, lab, outputs);
  await loadSample({ psql: join(postgres.bin, 'psql'), environment }, { rows: orders });
  return `a shop with ${orders.toLocaleString('en')} orders: partitions, triggers, row security, large objects, …`;
}
