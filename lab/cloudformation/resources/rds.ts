import {
  AddTagsToResourceCommand,
  CreateDBInstanceCommand,
  CreateDBParameterGroupCommand,
  CreateDBSubnetGroupCommand,
  DeleteDBInstanceCommand,
  DeleteDBParameterGroupCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  ModifyDBSubnetGroupCommand,
  ResetDBParameterGroupCommand,
  type DBInstance,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { resourceType, type ResourceContext, type ResourceState } from '../resource-type';
import { allTags, bool, integer, isGone, removed, tags, text, texts, without } from './properties';

/** A database server that starts or stops for longer than this has failed. */
const PATIENCE_MS = 300_000;

const instanceProperties = z.strictObject({
  AllocatedStorage: integer.optional(),
  AllowMajorVersionUpgrade: bool.optional(),
  AutoMinorVersionUpgrade: bool.optional(),
  AvailabilityZone: text.optional(),
  BackupRetentionPeriod: integer.optional(),
  CACertificateIdentifier: text.optional(),
  CopyTagsToSnapshot: bool.optional(),
  DBInstanceClass: text,
  DBInstanceIdentifier: text.optional(),
  DBName: text.optional(),
  DBParameterGroupName: text.optional(),
  DBSubnetGroupName: text.optional(),
  DeleteAutomatedBackups: bool.optional(),
  DeletionProtection: bool.optional(),
  EnableCloudwatchLogsExports: texts.optional(),
  EnableIAMDatabaseAuthentication: bool.optional(),
  Engine: text,
  EngineVersion: text.optional(),
  KmsKeyId: text.optional(),
  ManageMasterUserPassword: bool.optional(),
  MasterUsername: text.optional(),
  MasterUserPassword: text.optional(),
  MasterUserSecret: z.strictObject({ KmsKeyId: text.optional() }).optional(),
  MaxAllocatedStorage: integer.optional(),
  MultiAZ: bool.optional(),
  Port: integer.optional(),
  PreferredBackupWindow: text.optional(),
  PreferredMaintenanceWindow: text.optional(),
  PubliclyAccessible: bool.optional(),
  StorageEncrypted: bool.optional(),
  StorageType: text.optional(),
  VPCSecurityGroups: texts.optional(),
  Tags: tags.optional(),
});

/** What no database can change. */
const FIXED = [
  'AvailabilityZone',
  'DBName',
  'DBSubnetGroupName',
  'Engine',
  'KmsKeyId',
  'MasterUsername',
  'Port',
  'StorageEncrypted',
] as const;

/** What the API calls by another name than CloudFormation. */
const RENAMED = ['VPCSecurityGroups', 'MasterUserSecret', 'Tags'] as const;

async function find(rds: RDSClient, id: string): Promise<DBInstance | undefined> {
  const answer = await rds
    .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }))
    .catch((error: unknown) => {
      if (isGone(error)) return undefined;
      throw error;
    });
  return answer?.DBInstances?.[0];
}

async function waitFor(
  rds: RDSClient,
  id: string,
  done: (found: DBInstance | undefined) => boolean,
): Promise<DBInstance | undefined> {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await find(rds, id);
    if (done(found)) return found;
    if (found?.DBInstanceStatus === 'failed' || Date.now() > end)
      throw new Error(`The database ${id} is ${found?.DBInstanceStatus ?? 'gone'}.`);
    await sleep(100);
  }
}

async function available(rds: RDSClient, id: string): Promise<ResourceState> {
  const found = await waitFor(rds, id, (one) => one?.DBInstanceStatus === 'available');
  return {
    id,
    attributes: {
      DBInstanceArn: found?.DBInstanceArn,
      DbiResourceId: found?.DbiResourceId,
      'Endpoint.Address': found?.Endpoint?.Address,
      'Endpoint.Port': found?.Endpoint?.Port?.toString(),
      'MasterUserSecret.SecretArn': found?.MasterUserSecret?.SecretArn,
    },
  };
}

async function drop(
  id: string,
  snapshot: string | undefined,
  { clients: { rds } }: ResourceContext,
): Promise<void> {
  const last = snapshot === undefined ? { SkipFinalSnapshot: true } : { FinalDBSnapshotIdentifier: snapshot };
  await removed(rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: id, ...last })));
  await waitFor(rds, id, (found) => found === undefined);
}

const instance = resourceType({
  type: 'AWS::RDS::DBInstance',
  properties: instanceProperties,
  createOnly: [...FIXED, 'DBInstanceIdentifier', 'Tags'],
  records: {
    AllowMajorVersionUpgrade: 'the lab upgrades no server',
    DeleteAutomatedBackups: 'the lab makes no automated backups',
  },
  async create(properties, context) {
    const { rds } = context.clients;
    const id = (properties.DBInstanceIdentifier ?? context.name(63)).toLowerCase();
    await rds.send(
      new CreateDBInstanceCommand({
        ...without(properties, ...RENAMED, 'AllowMajorVersionUpgrade', 'DeleteAutomatedBackups'),
        DBInstanceIdentifier: id,
        VpcSecurityGroupIds: properties.VPCSecurityGroups,
        MasterUserSecretKmsKeyId: properties.MasterUserSecret?.KmsKeyId,
        Tags: allTags(properties.Tags, context),
      }),
    );
    context.announce(id);
    return available(rds, id);
  },
  async update(id, properties, previous, { clients: { rds } }) {
    const exports = properties.EnableCloudwatchLogsExports ?? [];
    const ended = (previous.EnableCloudwatchLogsExports ?? []).filter((one) => !exports.includes(one));
    await rds.send(
      new ModifyDBInstanceCommand({
        ...without(properties, ...RENAMED, ...FIXED, 'DeleteAutomatedBackups', 'EnableCloudwatchLogsExports'),
        DBInstanceIdentifier: id,
        VpcSecurityGroupIds: properties.VPCSecurityGroups,
        MasterUserSecretKmsKeyId: properties.MasterUserSecret?.KmsKeyId,
        // RDS keeps the secret that it manages already; the emulator would make another.
        ManageMasterUserPassword:
          properties.ManageMasterUserPassword === previous.ManageMasterUserPassword
            ? undefined
            : properties.ManageMasterUserPassword,
        CloudwatchLogsExportConfiguration: { EnableLogTypes: exports, DisableLogTypes: ended },
        ApplyImmediately: true,
      }),
    );
    return available(rds, id);
  },
  delete: (id, _properties, context) => drop(id, undefined, context),
  snapshot: (id, _properties, context) =>
    drop(id, `${context.stackName}-snapshot-${context.name(40)}`.toLowerCase().slice(0, 255), context),
});

const subnetGroup = resourceType({
  type: 'AWS::RDS::DBSubnetGroup',
  properties: z.strictObject({
    DBSubnetGroupName: text.optional(),
    DBSubnetGroupDescription: text,
    SubnetIds: texts,
    Tags: tags.optional(),
  }),
  createOnly: ['DBSubnetGroupName', 'Tags'],
  async create({ DBSubnetGroupName, DBSubnetGroupDescription, SubnetIds, Tags }, context) {
    const id = (DBSubnetGroupName ?? context.name(255)).toLowerCase();
    await context.clients.rds.send(
      new CreateDBSubnetGroupCommand({
        DBSubnetGroupName: id,
        DBSubnetGroupDescription,
        SubnetIds,
        Tags: allTags(Tags, context),
      }),
    );
    return { id };
  },
  async update(id, { DBSubnetGroupDescription, SubnetIds }, _previous, { clients: { rds } }) {
    await rds.send(
      new ModifyDBSubnetGroupCommand({ DBSubnetGroupName: id, DBSubnetGroupDescription, SubnetIds }),
    );
    return { id };
  },
  async delete(id, _properties, { clients: { rds } }) {
    await removed(rds.send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: id })));
  },
});

async function setParameters(
  rds: RDSClient,
  DBParameterGroupName: string,
  parameters: Readonly<Record<string, string>>,
): Promise<void> {
  const named = Object.entries(parameters).map(([ParameterName, ParameterValue]) => ({
    ParameterName,
    ParameterValue,
    ApplyMethod: 'pending-reboot' as const,
  }));
  if (named.length > 0)
    await rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters: named }));
}

const parameterGroup = resourceType({
  type: 'AWS::RDS::DBParameterGroup',
  properties: z.strictObject({
    DBParameterGroupName: text.optional(),
    Description: text,
    Family: text,
    Parameters: z.record(z.string(), text).optional(),
    Tags: tags.optional(),
  }),
  createOnly: ['DBParameterGroupName', 'Description', 'Family'],
  async create({ DBParameterGroupName, Description, Family, Parameters = {}, Tags }, context) {
    const { rds } = context.clients;
    const id = (DBParameterGroupName ?? context.name(255)).toLowerCase();
    await rds.send(
      new CreateDBParameterGroupCommand({
        DBParameterGroupName: id,
        Description,
        DBParameterGroupFamily: Family,
        Tags: allTags(Tags, context),
      }),
    );
    context.announce(id);
    await setParameters(rds, id, Parameters);
    return { id, attributes: { DBParameterGroupName: id } };
  },
  async update(id, { Parameters = {}, Tags }, previous, context) {
    const { rds } = context.clients;
    const left = Object.keys(previous.Parameters ?? {}).filter((name) => !(name in Parameters));
    if (left.length > 0)
      await rds.send(
        new ResetDBParameterGroupCommand({
          DBParameterGroupName: id,
          Parameters: left.map((ParameterName) => ({ ParameterName, ApplyMethod: 'pending-reboot' })),
        }),
      );
    await setParameters(rds, id, Parameters);
    const arn = `arn:aws:rds:${context.region}:${context.account}:pg:${id}`;
    await rds.send(new AddTagsToResourceCommand({ ResourceName: arn, Tags: allTags(Tags, context) }));
    return { id, attributes: { DBParameterGroupName: id } };
  },
  async delete(id, _properties, { clients: { rds } }) {
    await removed(rds.send(new DeleteDBParameterGroupCommand({ DBParameterGroupName: id })));
  },
});

/** Databases. */
export const RDS_TYPES = [instance, subnetGroup, parameterGroup];
