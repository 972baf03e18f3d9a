import { Aws, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { INTAKE } from '../contract/keys';
import { JUMP_HOST, TAGS } from '../contract/tags';
import type { BackupBucket } from './backup-bucket';
import { withDefaults } from './config/defaults';
import type { SettingProps } from './config/props';
import type { Database } from './database';
import type { IntakeSource } from './intake/source';
import type { JumpHost } from './jump-host';
import type { LifecycleFunctions } from './lifecycle-functions';
import { ec2Arn } from './permissions';
import type { SessionDocuments } from './session-documents';

/** The user for whom one-minute SSH keys are accepted: the image's own. */
const SSH_USER = 'ec2-user';

/** Properties of {@link AccessPolicies}. */
export interface AccessPoliciesProps extends Pick<SettingProps, 'operatorMfa' | 'operatorCidrs'> {
  readonly functions: LifecycleFunctions;
  readonly sessions: SessionDocuments;
  readonly sessionLogs: logs.ILogGroup;
  readonly database: Database;
  /**
   * Holds further authorities of the database, which operators read.
   *
   * @defaultValue none
   */
  readonly databaseCa?: StringParameter | undefined;
  /**
   * Operators may bring it up.
   *
   * @defaultValue none
   */
  readonly jumpHost?: JumpHost | undefined;
  readonly bucket: BackupBucket;
  /**
   * Operators read what their machines handed in.
   *
   * @defaultValue none
   */
  readonly intake?: readonly IntakeSource[];
}

/** What holds of every request of an operator or owner. */
export function peopleConditions(
  props: Pick<SettingProps, 'operatorMfa' | 'operatorCidrs'>,
): Record<string, Record<string, unknown>> {
  const { operatorMfa, operatorCidrs } = withDefaults(props);
  return {
    ...(operatorMfa ? { Bool: { 'aws:MultiFactorAuthPresent': 'true' } } : {}),
    ...(operatorCidrs.length > 0 ? { IpAddress: { 'aws:SourceIp': operatorCidrs } } : {}),
  };
}

/** Managed policies for people. They are attached to nobody: that is the account owner's decision. */
export class AccessPolicies extends Construct {
  readonly operator: iam.ManagedPolicy;
  readonly auditor: iam.ManagedPolicy;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: AccessPoliciesProps,
  ) {
    super(scope, id);
    this.operator = new iam.ManagedPolicy(this, 'Operator', {
      description: 'Opens boxes of this stack and reaches the database through them',
      statements: [
        ...this.seeing(),
        ...this.boxes(),
        ...this.sessions(),
        ...this.database(),
        this.oneMinuteKeys(),
        ...this.intake(),
      ],
    });
    this.auditor = new iam.ManagedPolicy(this, 'Auditor', {
      description: 'Sees who came in and what they did; changes nothing and gets in nowhere',
      statements: this.auditing(),
    });
  }

  private allow(
    sid: string,
    actions: string[],
    resources: string[],
    more: Record<string, Record<string, unknown>> = {},
  ): iam.PolicyStatement {
    const conditions = { ...peopleConditions(this.props) };
    for (const [operator, keys] of Object.entries(more))
      conditions[operator] = { ...conditions[operator], ...keys };
    return new iam.PolicyStatement({ sid, actions, resources, conditions });
  }

  private arn(service: string, resource: string): string {
    return Stack.of(this).formatArn({ service, resource });
  }

  private seeing(): iam.PolicyStatement[] {
    return [
      this.allow('FindTheStack', ['cloudformation:DescribeStacks'], [Aws.STACK_ID]),
      // These know no narrower resource.
      this.allow('SeeInstances', ['ec2:DescribeInstances', 'ssm:DescribeInstanceInformation'], ['*']),
    ];
  }

  private boxes(): iam.PolicyStatement[] {
    const { functions, jumpHost } = this.props;
    const invoke = this.allow(
      'OpenAndCloseBoxes',
      ['lambda:InvokeFunction'],
      [functions.create.handler.functionArn, functions.destroy.handler.functionArn],
    );
    if (jumpHost === undefined) return [invoke];
    const bringBack = this.allow(
      'BringTheJumpHostBack',
      ['autoscaling:SetDesiredCapacity'],
      [jumpHost.group.autoScalingGroupArn],
    );
    return [invoke, bringBack];
  }

  /**
   * Named documents on tagged instances, nothing else. A session without a named document would start the account's default
   * shell, for which no document is authorised: `ssm:SessionDocumentAccessCheck` demands one
   * (https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-specify-session-document.html).
   */
  private sessions(): iam.PolicyStatement[] {
    const named = { BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' } };
    return [
      this.allow('SessionsToOurInstances', ['ssm:StartSession'], [ec2Arn(this, 'instance/*')], {
        ...named,
        StringEquals: {
          [`ssm:resourceTag/${TAGS.stack}`]: Aws.STACK_ID,
          [`ssm:resourceTag/${TAGS.purpose}`]: ['access', JUMP_HOST],
        },
      }),
      this.allow(
        'SessionsOfOurKinds',
        ['ssm:StartSession'],
        this.props.sessions.all.map(({ ref }) => this.arn('ssm', `document/${ref}`)),
        named,
      ),
      // The session's own tag, not its name: for an assumed role the name begins with the role session's name only.
      this.allow(
        'OwnSessionsOnly',
        ['ssm:ResumeSession', 'ssm:TerminateSession', 'ssmmessages:OpenDataChannel'],
        [this.arn('ssm', 'session/*')],
        { StringLike: { 'ssm:resourceTag/aws:ssmmessages:session-id': ['${aws:userid}*'] } },
      ),
    ];
  }

  private database(): iam.PolicyStatement[] {
    const { database, databaseCa } = this.props;
    const statements = database.secretStatements();
    for (const statement of statements)
      for (const [operator, keys] of Object.entries(peopleConditions(this.props)))
        statement.addCondition(operator, keys);
    if (database.resourceId !== undefined) {
      const users = this.arn('rds-db', `dbuser:${database.resourceId}/*`);
      // The database itself decides which of its users log in so: those that have been granted rds_iam.
      statements.push(this.allow('LogInWithToken', ['rds-db:connect'], [users]));
    }
    if (databaseCa !== undefined)
      statements.push(this.allow('ReadAuthorities', ['ssm:GetParameter'], [databaseCa.parameterArn]));
    return statements;
  }

  private oneMinuteKeys(): iam.PolicyStatement {
    return this.allow(
      'OneMinuteKeys',
      ['ec2-instance-connect:SendSSHPublicKey'],
      [ec2Arn(this, 'instance/*')],
      {
        StringEquals: {
          [`aws:ResourceTag/${TAGS.stack}`]: Aws.STACK_ID,
          [`aws:ResourceTag/${TAGS.purpose}`]: ['access', JUMP_HOST],
          'ec2:osuser': SSH_USER,
        },
      },
    );
  }

  /** What was handed in: receipts and files, no backup; and what the machines that hand in may do. */
  private intake(): iam.PolicyStatement[] {
    const { intake = [], bucket } = this.props;
    if (intake.length === 0) return [];
    const policies = intake.map(({ vm }) => vm.policy.managedPolicyArn);
    return [
      this.allow('ListIntake', ['s3:ListBucket'], [bucket.bucket.bucketArn], {
        StringLike: { 's3:prefix': `${INTAKE}*` },
      }),
      this.allow('ReadIntake', ['s3:GetObject'], [bucket.bucket.arnForObjects(`${INTAKE}*`)]),
      // Without the conditions of people: here S3 is the caller, for a GetObject that has met them.
      new iam.PolicyStatement({
        sid: 'DecryptForS3',
        actions: ['kms:Decrypt'],
        resources: [bucket.key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.amazonaws.com` } },
      }),
      this.allow('ReadPoliciesOfSources', ['iam:GetPolicy', 'iam:GetPolicyVersion'], policies),
    ];
  }

  private auditing(): iam.PolicyStatement[] {
    const see = (sid: string, actions: string[], resources: string[]): iam.PolicyStatement =>
      new iam.PolicyStatement({ sid, actions, resources });
    const { sessionLogs } = this.props;
    return [
      see('FindTheStack', ['cloudformation:DescribeStacks'], [Aws.STACK_ID]),
      // None of these knows a narrower resource.
      see('SeeAttempts', ['cloudtrail:LookupEvents', 'ssm:DescribeSessions', 'ec2:DescribeInstances'], ['*']),
      see(
        'ReadRecordedShells',
        ['logs:DescribeLogStreams', 'logs:FilterLogEvents', 'logs:GetLogEvents'],
        [sessionLogs.logGroupArn],
      ),
    ];
  }
}
