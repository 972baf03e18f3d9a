import { Aws, Duration, Fn, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import { TAGS } from '../contract/tags';
import { VERSIONS } from '../contract/engine-versions';
import { withDefaults } from './config/defaults';
import type { SettingProps } from './config/props';
import { Database } from './database';
import { ENGINE_FACTS, rdsEngine } from './database-engine';
import type { Encryption } from './encryption';
import type { Network } from './network';
import { keepOrDelete } from './removal';

const MASTER = 'drawbridge';

/** First part of the names of log groups that RDS writes, for a stack with these names; `*` stands for the rest. */
export const databaseLogGroups = (name: string): string => `/aws/rds/instance/${name}-*`;

/** Properties of {@link OwnDatabase}. */
export interface OwnDatabaseProps extends Pick<
  SettingProps,
  | 'name'
  | 'engine'
  | 'engineVersion'
  | 'instanceClass'
  | 'storageGiB'
  | 'multiAz'
  | 'databaseName'
  | 'databaseCa'
  | 'databaseParameters'
  | 'databaseBackupDays'
  | 'databaseBackupWindow'
  | 'deletionProtection'
  | 'onDestroy'
> {
  readonly network: Network;
  readonly encryption: Encryption;
}

/** A database of RDS that goes with the stack, leaving a snapshot. Its password is made and rotated by RDS. */
export class OwnDatabase extends Database {
  readonly connections: ec2.Connections;
  readonly instance: rds.DatabaseInstance;
  /** Of the instance's endpoint. */
  readonly host: string;
  readonly port: string;
  readonly secretArn: string;
  readonly resourceId: string | undefined;
  readonly secretDescription = 'Name and password of the master; rotated every 7 days';

  constructor(scope: Construct, id: string, given: OwnDatabaseProps) {
    const props = complete(given);
    super(scope, id, props);
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.network.vpc,
      description: 'Database: in from boxes and jump host only',
      allowAllOutbound: false,
    });
    this.instance = this.addInstance(props, securityGroup);
    this.connections = new ec2.Connections({
      securityGroups: [securityGroup],
      // Literal, since the instance's port attribute is not known when the rules are checked.
      defaultPort: ec2.Port.tcp(ENGINE_FACTS[props.engine].port),
    });
    this.host = this.instance.dbInstanceEndpointAddress;
    this.port = this.instance.dbInstanceEndpointPort;
    this.secretArn = masterSecretArn(this.instance);
    this.resourceId = this.instance.instanceResourceId;
  }

  private addInstance(
    props: ReturnType<typeof complete>,
    securityGroup: ec2.ISecurityGroup,
  ): rds.DatabaseInstance {
    const instanceIdentifier = uniqueIdentifier(props.name);
    const { parameters, logs } = ENGINE_FACTS[props.engine];
    const instance = new rds.DatabaseInstance(this, 'Instance', {
      engine: rdsEngine(props.engine, props.engineVersion),
      // Whoever changes the setting asks for it by name; without this RDS refuses another major.
      allowMajorVersionUpgrade: true,
      instanceIdentifier,
      instanceType: new ec2.InstanceType(props.instanceClass),
      vpc: props.network.vpc,
      vpcSubnets: props.network.databaseSubnets,
      securityGroups: [securityGroup],
      databaseName: props.databaseName,
      credentials: rds.Credentials.fromUsername(MASTER),
      manageMasterUserPassword: true,
      iamAuthentication: true,
      parameters: { ...parameters, ...props.databaseParameters },
      storageType: rds.StorageType.GP3,
      allocatedStorage: props.storageGiB,
      storageEncrypted: true,
      storageEncryptionKey: props.encryption.key,
      multiAz: props.multiAz,
      publiclyAccessible: false,
      backupRetention: Duration.days(props.databaseBackupDays),
      ...(props.databaseBackupWindow === undefined
        ? {}
        : { preferredBackupWindow: props.databaseBackupWindow }),
      copyTagsToSnapshot: true,
      cloudwatchLogsExports: [...logs],
      deletionProtection: props.deletionProtection,
    });
    keepOrDelete(instance, props.onDestroy, 'snapshot');
    Tags.of(instance).add(TAGS.stack, Aws.STACK_ID);
    this.ownLogGroups(props.encryption, logs, instanceIdentifier, instance);
    return instance;
  }

  /** RDS would make the groups itself, and leave them behind without retention: they must be there before it. */
  private ownLogGroups(
    encryption: Encryption,
    logs: readonly string[],
    instanceIdentifier: string,
    instance: rds.DatabaseInstance,
  ): void {
    for (const log of logs) {
      const name = `/aws/rds/instance/${instanceIdentifier}/${log}`;
      instance.node.addDependency(encryption.logGroup(this, `${log}Logs`, name));
    }
  }
}

/** The defaults of settings, the version by the engine. */
const complete = (props: OwnDatabaseProps) => {
  const { engine } = withDefaults(props);
  return withDefaults({ engineVersion: VERSIONS[engine].standard, ...props });
};

/**
 * Known before the instance exists, yet no clash between stacks, nor between a stack and its former self: the first part
 * of the UUID in the stack's id. A named instance also cannot be replaced by an update, which would lose its data.
 */
function uniqueIdentifier(name: string): string {
  const uuid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
  return `${name}-${Fn.select(0, Fn.split('-', uuid))}`;
}

function masterSecretArn(instance: rds.DatabaseInstance): string {
  if (instance.secret === undefined) throw new Error('RDS manages the password, so there must be a secret.');
  return instance.secret.secretArn;
}
