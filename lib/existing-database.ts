import { Aws } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { Database, type DatabaseProps } from './database';
import { ENGINE_FACTS } from './database-engine';

/** Properties of {@link ExistingDatabase}. */
export interface ExistingDatabaseProps extends DatabaseProps {
  /** As its certificate names it. */
  readonly databaseHost: string;
  /** @defaultValue the engine's usual one */
  readonly databasePort?: number | undefined;
  readonly databaseSecurityGroupId: string;
  /** JSON with `username` and `password`. */
  readonly databaseSecretArn: string;
  /**
   * The secret's KMS key.
   *
   * @defaultValue aws/secretsmanager, which needs no grant
   */
  readonly databaseSecretKeyArn?: string | undefined;
}

/**
 * A database that somebody else made: an RDS instance, an Aurora cluster, or any host. Its security group gets rules, which
 * go with the stack; nothing else of it is touched.
 */
export class ExistingDatabase extends Database {
  readonly connections: ec2.Connections;
  readonly host: string;
  readonly port: string;
  readonly secretArn: string;
  readonly resourceId = undefined;
  readonly secretDescription = 'Name and password with which boxes log in';
  private readonly secretKeyArn: string | undefined;

  constructor(scope: Construct, id: string, props: ExistingDatabaseProps) {
    super(scope, id, props);
    const port = props.databasePort ?? ENGINE_FACTS[props.engine].port;
    this.host = props.databaseHost;
    this.port = port.toString();
    this.secretArn = props.databaseSecretArn;
    this.secretKeyArn = props.databaseSecretKeyArn;
    this.connections = new ec2.Connections({
      securityGroups: [
        ec2.SecurityGroup.fromSecurityGroupId(this, 'SecurityGroup', props.databaseSecurityGroupId),
      ],
      defaultPort: ec2.Port.tcp(port),
    });
  }

  override secretStatements(): iam.PolicyStatement[] {
    if (this.secretKeyArn === undefined) return super.secretStatements();
    return [
      ...super.secretStatements(),
      new iam.PolicyStatement({
        sid: 'DecryptPassword',
        actions: ['kms:Decrypt'],
        resources: [this.secretKeyArn],
        conditions: {
          StringEquals: {
            'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com`,
            'kms:EncryptionContext:SecretARN': this.secretArn,
          },
        },
      }),
    ];
  }
}
