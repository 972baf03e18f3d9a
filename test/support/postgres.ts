import { join } from 'node:path';
import { type Cluster, startCluster } from '../../lab/rds/cluster';
import { loadSample } from '../../lab/sample/load';

/** A cluster of its own below `directory`, with the sample in it. */
export async function startSampleCluster(directory: string, rows: number): Promise<Cluster> {
  const cluster = await startCluster({ directory: join(directory, 'cluster') });
  try {
    await loadSample({ psql: join(cluster.bin, 'psql'), environment: cluster.masterEnvironment }, { rows });
  } catch (error) {
    await cluster.stop('immediate');
    throw error;
  }
  return cluster;
}
