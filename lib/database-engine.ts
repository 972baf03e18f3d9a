import * as rds from 'aws-cdk-lib/aws-rds';
import type { Engine } from '../contract/engines';
import { majorOf } from '../contract/engine-versions';

/** How RDS runs an engine. */
interface EngineFacts {
  readonly port: number;
  /** What every instance of it is told. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Logs that are exported. */
  readonly logs: readonly string[];
}

/** Statements and data stay out of the logs: neither the general log nor the audit log is exported. */
const MYSQL_LOGS = ['error', 'slowquery'];
/** Without the file as its target the slow log is a table, which is not exported. */
const MYSQL_PARAMETERS = {
  require_secure_transport: '1',
  slow_query_log: '1',
  log_output: 'FILE',
  // With binary logs, which RDS's own backups need, no master of RDS may restore a trigger or a function otherwise.
  log_bin_trust_function_creators: '1',
};

/** By engine. */
export const ENGINE_FACTS: Readonly<Record<Engine, EngineFacts>> = {
  postgres: { port: 5432, parameters: { 'rds.force_ssl': '1' }, logs: ['postgresql', 'upgrade'] },
  mysql: { port: 3306, parameters: MYSQL_PARAMETERS, logs: MYSQL_LOGS },
  mariadb: { port: 3306, parameters: MYSQL_PARAMETERS, logs: MYSQL_LOGS },
};

/** Of a version by its text: the CDK's constants lag behind RDS. */
export function rdsEngine(engine: Engine, version: string): rds.IInstanceEngine {
  const major = majorOf(engine, version);
  switch (engine) {
    case 'postgres':
      return rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of(version, major) });
    case 'mysql':
      return rds.DatabaseInstanceEngine.mysql({ version: rds.MysqlEngineVersion.of(version, major) });
    case 'mariadb':
      return rds.DatabaseInstanceEngine.mariaDb({ version: rds.MariaDbEngineVersion.of(version, major) });
  }
}

/**
 * Packages of Amazon Linux that a backup box needs: client tools of the server's own major, and a server of it for proofs.
 * It has neither client nor server of MySQL: MariaDB's newest client stands in, and there are no proofs on the box.
 */
export function databasePackages(engine: Engine, version: string): string[] {
  const major = majorOf(engine, version).replace('.', '');
  switch (engine) {
    case 'postgres':
      return ['', '-server', '-contrib'].map((part) => `postgresql${major}${part}`);
    case 'mysql':
      return ['', '-client-utils'].map((part) => `mariadb114${part}`);
    case 'mariadb':
      return ['', '-client-utils', '-server'].map((part) => `mariadb${major}${part}`);
  }
}
