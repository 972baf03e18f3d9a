import {
  type DBCluster,
  type DBInstance,
  DescribeDBSubnetGroupsCommand,
  paginateDescribeDBClusters,
  paginateDescribeDBInstances,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { majorOf, VERSIONS } from '../../contract/engine-versions';
import type { Engine } from '../../contract/engines';
import { EXIT } from '../../contract/exit-codes';
import { Problem } from '../framework/problem';

/** An RDS instance or Aurora cluster. */
export interface Found {
  readonly id: string;
  readonly kind: 'instance' | 'cluster';
  /** As RDS names it: `postgres`, `aurora-mysql`, `oracle-ee`, … */
  readonly rdsEngine: string;
  readonly version: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly subnetGroup: string | undefined;
  readonly securityGroupIds: readonly string[];
  readonly databaseName: string | undefined;
  /** Of the master, where RDS manages it. */
  readonly secretArn: string | undefined;
  readonly isPublic: boolean;
  readonly hasIamLogin: boolean;
}

const ENGINES: Readonly<Record<string, Engine>> = {
  postgres: 'postgres',
  'aurora-postgresql': 'postgres',
  mysql: 'mysql',
  'aurora-mysql': 'mysql',
  mariadb: 'mariadb',
};

const active = (groups: DBInstance['VpcSecurityGroups']): string[] =>
  (groups ?? []).flatMap(({ VpcSecurityGroupId: id, Status }) =>
    id === undefined || Status === 'removing' ? [] : [id],
  );

const ofInstance = (one: DBInstance): Found => ({
  id: one.DBInstanceIdentifier ?? '',
  kind: 'instance',
  rdsEngine: one.Engine ?? '',
  version: one.EngineVersion ?? '',
  host: one.Endpoint?.Address,
  port: one.Endpoint?.Port,
  subnetGroup: one.DBSubnetGroup?.DBSubnetGroupName,
  securityGroupIds: active(one.VpcSecurityGroups),
  databaseName: one.DBName,
  secretArn: one.MasterUserSecret?.SecretArn,
  isPublic: one.PubliclyAccessible ?? false,
  hasIamLogin: one.IAMDatabaseAuthenticationEnabled ?? false,
});

const ofCluster = (one: DBCluster): Found => ({
  id: one.DBClusterIdentifier ?? '',
  kind: 'cluster',
  rdsEngine: one.Engine ?? '',
  version: one.EngineVersion ?? '',
  host: one.Endpoint,
  port: one.Port,
  subnetGroup: one.DBSubnetGroup,
  securityGroupIds: active(one.VpcSecurityGroups),
  databaseName: one.DatabaseName,
  secretArn: one.MasterUserSecret?.SecretArn,
  isPublic: one.PubliclyAccessible ?? false,
  hasIamLogin: one.IAMDatabaseAuthenticationEnabled ?? false,
});

/** Every instance and cluster of an engine that backups can be taken of; a cluster stands for its instances. */
export async function findDatabases(client: RDSClient): Promise<Found[]> {
  const found: Found[] = [];
  for await (const { DBClusters = [] } of paginateDescribeDBClusters({ client }, {}))
    found.push(...DBClusters.map(ofCluster));
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, {}))
    found.push(...DBInstances.filter((one) => one.DBClusterIdentifier === undefined).map(ofInstance));
  return found.filter(({ rdsEngine }) => rdsEngine in ENGINES);
}

/** Engine and major as the settings have them: `17` of `17.6`, `8.0` of `8.0.mysql_aurora.3.10.0`. */
export function engineOf({ id, rdsEngine, version }: Found): { engine: Engine; engineVersion: string } {
  const engine = ENGINES[rdsEngine];
  if (engine === undefined) throw new Problem(EXIT.usage, `${id} is of the engine ${rdsEngine}.`);
  const engineVersion = majorOf(engine, version);
  const { pattern, accepted } = VERSIONS[engine];
  if (pattern.test(engineVersion)) return { engine, engineVersion };
  throw new Problem(
    EXIT.wrongTools,
    `${id} runs ${rdsEngine} ${version}, for which boxes have no tools.`,
    `Served is ${accepted}. Upgrade the server, or choose another.`,
  );
}

/** The VPC where a database stands. */
export async function vpcOf(client: RDSClient, { id, subnetGroup }: Found): Promise<string> {
  const { DBSubnetGroups: [group] = [] } = await client.send(
    new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: subnetGroup }),
  );
  if (group?.VpcId === undefined) throw new Problem(EXIT.notFound, `RDS does not say in which VPC ${id} is.`);
  return group.VpcId;
}
