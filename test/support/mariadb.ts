import { join } from 'node:path';
import { type MariadbServer, startMariadb } from '../../lab/rds/mariadb';
import { loadMariadbSample } from '../../lab/sample/load';

/** A MariaDB server of its own below `directory`, with the sample in it. */
export async function startSampleMariadb(directory: string, rows: number): Promise<MariadbServer> {
  const server = await startMariadb({ directory: join(directory, 'mariadb') });
  try {
    loadMariadbSample((sql) => server.sql(sql), { rows });
  } catch (error) {
    await server.stop('immediate');
    throw error;
  }
  return server;
}
