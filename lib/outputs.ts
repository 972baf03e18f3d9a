import { Aws, CfnOutput } from 'aws-cdk-lib';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { OUTPUTS } from '../contract/outputs';
import { JUMP_HOST, TAGS } from '../contract/tags';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { AccessPolicies } from './access-policies';
import type { BackupBucket } from './backup-bucket';
import type { ControlFunction } from './control-function';
import type { DataTrail } from './data-trail';
import type { Database } from './database';
import type { Documents } from './documents';
import type { JumpHost } from './jump-host';
import type { LifecycleFunctions } from './lifecycle-functions';
import type { OwnerPolicy } from './owner-policy';
import type { SessionDocuments } from './session-documents';
import type { Workflow } from './workflow';

/** What the outputs speak of. */
export interface OutputsOf extends PeopleOutputs {
  readonly functions: LifecycleFunctions;
  readonly bucket: BackupBucket;
  readonly database: Database;
  readonly documents: Documents;
  readonly jumpHost: JumpHost | undefined;
  readonly workflow: Workflow;
  readonly topic: sns.ITopic;
  readonly retain: ControlFunction;
  readonly owner: OwnerPolicy;
  readonly trail: DataTrail | undefined;
}

/** What people come in by. */
export interface PeopleOutputs {
  readonly sessions: SessionDocuments;
  readonly sessionLogs: ILogGroup;
  readonly policies: AccessPolicies;
  readonly databaseCa: StringParameter | undefined;
}

/** The first running instance of this stack with a purpose, as a word of a shell command. */
const runningInstance = (purpose: string): string =>
  `"$(aws ec2 describe-instances --region ${Aws.REGION} --filters ` +
  `Name=tag:${TAGS.stack},Values=${Aws.STACK_ID} Name=tag:${TAGS.purpose},Values=${purpose} ` +
  `Name=instance-state-name,Values=running --query "Reservations[0].Instances[0].InstanceId" --output text)"`;

const connect = (document: string, port: string, purpose: string): string =>
  `aws ssm start-session --region ${Aws.REGION} --document-name ${document} ` +
  `--parameters localPortNumber=${port} --target ${runningInstance(purpose)}`;

/** Names and ready commands, so that nobody has to look for them in the console. */
export function addOutputs(scope: Construct, of: OutputsOf): void {
  const output = (id: string, value: string, description: string): void => {
    new CfnOutput(scope, id, { value, description });
  };
  const { functions, database, documents } = of;
  output(OUTPUTS.createFunction, functions.create.handler.functionName, 'Opens a box: invoke it with {}');
  output(
    OUTPUTS.destroyFunction,
    functions.destroy.handler.functionName,
    'Ends a box: invoke it with {"instanceId": "i-0123456789abcdef0"}',
  );
  output(
    'SweepFunctionName',
    functions.sweep.handler.functionName,
    'Runs by itself; invoke it with {} to sweep now',
  );
  output(OUTPUTS.bucket, of.bucket.bucket.bucketName, 'Backups; kept when the stack is deleted');
  output(OUTPUTS.backupDocument, documents.backup.ref, 'SSM document to run on a backup box: takes a backup');
  output(OUTPUTS.proveDocument, documents.prove.ref, 'SSM document to run on a backup box: proves a backup');
  output(
    OUTPUTS.restoreDocument,
    documents.restore.ref,
    'SSM document to run on a restore box: restores a backup into a new database',
  );
  output(
    OUTPUTS.oneTimeKeyDocument,
    documents.oneTimeKey.ref,
    'SSM document to run on a box first, when a backup is encrypted: makes the key by which its keys are handed over',
  );
  output(
    OUTPUTS.connectDocument,
    of.sessions.connect.ref,
    'SSM session document: forwards a port to the database',
  );
  output(OUTPUTS.databaseEngine, database.engine, 'Engine of the database: postgres, mysql or mariadb');
  output(
    OUTPUTS.databaseEndpoint,
    database.host,
    'Host of the database, reachable only through a box or the jump host',
  );
  output(OUTPUTS.databasePort, database.port, 'Port of the database');
  output(OUTPUTS.databaseName, database.databaseName, 'Name of the database');
  output(OUTPUTS.databaseSecret, database.secretArn, database.secretDescription);
  output(
    'PasswordCommand',
    `aws secretsmanager get-secret-value --region ${Aws.REGION} --secret-id "${database.secretArn}" --query SecretString --output text`,
    'Prints name and password',
  );
  output(OUTPUTS.runMachine, of.workflow.run.stateMachineArn, 'Backs up every database: start it with {}');
  output(OUTPUTS.backupMachine, of.workflow.backup.stateMachineArn, 'Backs up one database; runs start it');
  output(
    OUTPUTS.retainFunction,
    of.retain.handler.functionName,
    'Runs by itself; {"dryRun": true} tells which backups stay',
  );
  output(
    OUTPUTS.ownerPolicy,
    of.owner.policy.managedPolicyArn,
    'Attach it to whoever owns the data: backups, proofs, restores',
  );
  output('TopicArn', of.topic.topicArn, 'Where failures and alarms are told');
  if (of.trail !== undefined)
    output(
      'RecordsBucketName',
      of.trail.bucket.bucketName,
      'Who read and wrote which object: records of CloudTrail',
    );
  peopleOutputs(of, output);
  const way = of.jumpHost === undefined ? 'access' : JUMP_HOST;
  output(
    'ConnectCommand',
    connect(of.sessions.connect.ref, database.port, way),
    of.jumpHost === undefined
      ? 'Puts the database on localhost through an access box: open one first'
      : 'Puts the database on localhost through the jump host: bring it up first',
  );
  if (of.jumpHost === undefined) return;
  output(
    OUTPUTS.jumpHostGroup,
    of.jumpHost.group.autoScalingGroupName,
    'Auto Scaling group of the jump host',
  );
  output(
    'JumpHostUpCommand',
    capacityCommand(of.jumpHost, 1),
    'Brings the jump host up, in about half a minute',
  );
  output(
    'JumpHostDownCommand',
    capacityCommand(of.jumpHost, 0),
    'Ends the jump host: an idle one costs nothing',
  );
}

function peopleOutputs(
  { sessions, sessionLogs, policies, databaseCa }: PeopleOutputs,
  output: (id: string, value: string, description: string) => void,
): void {
  output(OUTPUTS.shellDocument, sessions.shell.ref, 'SSM session document: a shell, recorded');
  output(OUTPUTS.sshDocument, sessions.ssh.ref, 'SSM session document: plain bytes to the SSH server');
  output(
    OUTPUTS.hostKeysDocument,
    sessions.hostKeys.ref,
    "SSM session document: the SSH server's public keys",
  );
  output(OUTPUTS.sessionLogs, sessionLogs.logGroupName, 'What was typed and printed in shells');
  output(
    OUTPUTS.operatorPolicy,
    policies.operator.managedPolicyArn,
    'Attach it to whoever may open boxes and reach the database',
  );
  output(OUTPUTS.auditorPolicy, policies.auditor.managedPolicyArn, 'Attach it to whoever watches');
  if (sessions.forward !== undefined)
    output(
      OUTPUTS.forwardDocument,
      sessions.forward.ref,
      'SSM session document: forwards a port to what accessTargets allows',
    );
  if (databaseCa !== undefined)
    output(
      OUTPUTS.databaseCaParameter,
      databaseCa.parameterName,
      'Further authorities to trust for the database',
    );
}

const capacityCommand = ({ group }: JumpHost, capacity: number): string =>
  `aws autoscaling set-desired-capacity --region ${Aws.REGION} ` +
  `--auto-scaling-group-name ${group.autoScalingGroupName} --desired-capacity ${capacity}`;
