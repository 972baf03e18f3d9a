import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Engine } from '../contract/engines';
import { BOX_ENVIRONMENT, BOX_PATHS, FUNCTION_ENVIRONMENT } from '../contract/environment';
import type { ControlFunction } from './control-function';
import type { Jumpbox } from './jumpbox';

/** What every database has, whoever made it. */
export interface DatabaseProps {
  readonly engine: Engine;
  /** Of the database that is backed up. */
  readonly databaseName: string;
  /**
   * Further certificate authorities to trust, in PEM.
   *
   * @defaultValue those of RDS alone
   */
  readonly databaseCa?: string | undefined;
}

/** A private database that admits whom it is told to. */
export abstract class Database extends Construct implements ec2.IConnectable {
  abstract readonly connections: ec2.Connections;
  abstract readonly host: string;
  abstract readonly port: string;
  /** Holds name and password. */
  abstract readonly secretArn: string;
  /** By which IAM names it when somebody logs in with a token; undefined where that is its owner's affair. */
  abstract readonly resourceId: string | undefined;
  /** What the secret is, for people. */
  abstract readonly secretDescription: string;
  readonly databaseName: string;
  readonly engine: Engine;
  private readonly authorities: string | undefined;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
    this.engine = props.engine;
    this.databaseName = props.databaseName;
    this.authorities = props.databaseCa;
  }

  /** Opens the way to the database, and nothing else, for whatever holds the security group of `from`. */
  allowFrom(from: ec2.IConnectable, who: string): void {
    this.connections.allowDefaultPortFrom(from, `${who} to database`);
  }

  /** Lets a box connect and log in with the secret, and tells its program how. */
  grantLogin(box: Jumpbox): void {
    this.allowFrom(box, `${box.purpose} box`);
    for (const statement of this.secretStatements()) box.addToPolicy(statement);
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

  /** What reading the secret takes. */
  secretStatements(): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({
        sid: 'ReadPassword',
        // Where it is encrypted with aws/secretsmanager, the account's principals may use that key through the service.
        actions: ['secretsmanager:GetSecretValue'],
        resources: [this.secretArn],
      }),
    ];
  }
}
