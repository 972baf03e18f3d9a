import { Aws, Duration, Fn, Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { BOX_ENVIRONMENT, BOX_PATHS, FUNCTION_ENVIRONMENT } from '../contract/environment';
import type { Engine } from '../contract/engines';
import { TAGS } from '../contract/tags';
import type { Settings } from './config/schema';
import type { ControlFunction } from './control-function';
import { ENGINE_FACTS, rdsEngine } from './database-engine';
import type { Encryption } from './encryption';
import type { Jumpbox } from './jumpbox';
import type { Network } from './network';
import { keepOrDelete } from './removal';

const MASTER = 'drawbridge';

/** First part of the names of log groups that RDS writes, for a stack with these names; `*` stands for the rest. */
export const databaseLogGroups = (name: string): string => `/aws/rds/instance/${name}-*`;

/** Properties of {@link Database}. */
export interface DatabaseProps extends Pick<
  Settings,
  | 'name'
  | 'engine'
  | 'engineVersion'
  | 'instanceClass'
  | 'storageGiB'
  | 'multiAz'
  | 'databaseName'
  | 'databaseCa'
  | 'deletionProtection'
  | 'onDestroy'
> {
  readonly network: Network;
  readonly encryption: Encryption;
}

/** A private database that admits whom it was told to and nobody else. Its password is made and rotated by RDS. */
export class Database extends Construct implements ec2.IConnectable {
  readonly connections: ec2.Connections;
  readonly instance: rds.DatabaseInstance;
  /** Of the instance's endpoint. */
  readonly host: string;
  readonly port: string;
  readonly databaseName: string;
  readonly secretArn: string;
  private readonly engine: Engine;
  private readonly authorities: string | undefined;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
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
    this.databaseName = props.databaseName;
    this.secretArn = masterSecretArn(this.instance);
    this.engine = props.engine;
    this.authorities = props.databaseCa;
  }

  /** Opens the way to the database, and nothing else, for whatever holds the security group of `from`. */
  allowFrom(from: ec2.IConnectable, who: string): void {
    this.connections.allowDefaultPortFrom(from, `${who} to database`);
  }

  /** Lets a box connect and log in as the master, and tells its program how. */
  grantBackup(box: Jumpbox): void {
    this.allowFrom(box, `${box.purpose} box`);
    box.addToPolicy(
      new iam.PolicyStatement({
        sid: 'ReadPassword',
        // Encrypted with aws/secretsmanager, which the account's principals may use through Secrets Manager.
        actions: ['secretsmanager:GetSecretValue'],
        resources: [this.secretArn],
      }),
    );
    box.addEnvironment(BOX_ENVIRONMENT.engine, this.engine);
    box.addEnvironment(BOX_ENVIRONMENT.databaseHost, this.host);
    box.addEnvironment(BOX_ENVIRONMENT.databasePort, this.port);
    box.addEnvironment(BOX_ENVIRONMENT.databaseName, this.databaseName);
    box.addEnvironment(BOX_ENVIRONMENT.databaseSecretArn, this.secretArn);
    if (this.authorities === undefined) return;
    box.addFile(BOX_PATHS.databaseCa, this.authorities);
    box.addEnvironment(BOX_ENVIRONMENT.databaseCa, BOX_PATHS.databaseCa);
  }

  /** Tells a function where the database is; it cannot reach it. */
  describeTo(teller: ControlFunction): void {
    teller.addEnvironment(FUNCTION_ENVIRONMENT.databaseHost, this.host);
    teller.addEnvironment(FUNCTION_ENVIRONMENT.databasePort, this.port);
  }

  private addInstance(props: DatabaseProps, securityGroup: ec2.ISecurityGroup): rds.DatabaseInstance {
    const instanceIdentifier = uniqueIdentifier(props.name);
    const { parameters, logs } = ENGINE_FACTS[props.engine];
    const instance = new rds.DatabaseInstance(this, 'Instance', {
      engine: rdsEngine(props.engine, props.engineVersion),
      instanceIdentifier,
      instanceType: new ec2.InstanceType(props.instanceClass),
      vpc: props.network.vpc,
      vpcSubnets: props.network.databaseSubnets,
      securityGroups: [securityGroup],
      databaseName: props.databaseName,
      credentials: rds.Credentials.fromUsername(MASTER),
      manageMasterUserPassword: true,
      iamAuthentication: true,
      parameters: { ...parameters },
      storageType: rds.StorageType.GP3,
      allocatedStorage: props.storageGiB,
      storageEncrypted: true,
      storageEncryptionKey: props.encryption.key,
      multiAz: props.multiAz,
      publiclyAccessible: false,
      backupRetention: Duration.days(7),
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
