import { Aws, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { BACKUPS } from '../contract/keys';
import { TAGS } from '../contract/tags';
import { peopleConditions } from './access-policies';
import type { BackupBucket } from './backup-bucket';
import type { SettingProps } from './config/props';
import type { ControlFunction } from './control-function';
import type { Documents } from './documents';
import type { LifecycleFunctions } from './lifecycle-functions';
import { ec2Arn } from './permissions';
import type { Workflow } from './workflow';

/** Properties of {@link OwnerPolicy}. */
export interface OwnerPolicyProps extends Pick<SettingProps, 'operatorMfa' | 'operatorCidrs'> {
  readonly functions: LifecycleFunctions;
  readonly bucket: BackupBucket;
  readonly documents: Documents;
  readonly workflow: Workflow;
  readonly retain: ControlFunction;
}

/**
 * Managed policy for whoever owns the data: sees and reads backups, starts runs, has backups proven and restored. It neither
 * writes nor deletes one, and gets into no box: what happens there is what the documents say. Attached to nobody.
 */
export class OwnerPolicy extends Construct {
  readonly policy: iam.ManagedPolicy;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: OwnerPolicyProps,
  ) {
    super(scope, id);
    this.policy = new iam.ManagedPolicy(this, 'Policy', {
      description: 'Lists and reads backups, starts runs, has backups proven and restored',
      statements: [...this.seeing(), ...this.reading(), ...this.running(), ...this.documents()],
    });
  }

  private allow(
    sid: string,
    actions: string[],
    resources: string[],
    more: Record<string, unknown> = {},
  ): iam.PolicyStatement {
    const conditions = { ...peopleConditions(this.props), ...more };
    return new iam.PolicyStatement({ sid, actions, resources, conditions });
  }

  private seeing(): iam.PolicyStatement[] {
    const { functions, retain } = this.props;
    const invoked = [functions.create, functions.destroy, retain];
    return [
      this.allow('FindTheStack', ['cloudformation:DescribeStacks'], [Aws.STACK_ID]),
      // These know no narrower resource; what became of a command is told by its random id.
      this.allow(
        'SeeWhatHappens',
        [
          'cloudtrail:LookupEvents',
          'ec2:DescribeInstances',
          'ssm:DescribeInstanceInformation',
          'ssm:GetCommandInvocation',
        ],
        ['*'],
      ),
      this.allow(
        'BoxesAndRetention',
        ['lambda:InvokeFunction'],
        invoked.map(({ handler }) => handler.functionArn),
      ),
    ];
  }

  private reading(): iam.PolicyStatement[] {
    const { bucket, key } = this.props.bucket;
    return [
      this.allow('ListBackups', ['s3:ListBucket', 's3:ListBucketMultipartUploads'], [bucket.bucketArn], {
        StringLike: { 's3:prefix': `${BACKUPS}*` },
      }),
      this.allow(
        'ReadBackups',
        ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention', 's3:ListMultipartUploadParts'],
        [bucket.arnForObjects(`${BACKUPS}*`)],
      ),
      this.allow('DecryptBackups', ['kms:Decrypt'], [key.keyArn], {
        StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.amazonaws.com` },
      }),
    ];
  }

  private running(): iam.PolicyStatement[] {
    const { run, backup } = this.props.workflow;
    const executions = [run, backup].map(({ stateMachineName }) =>
      Stack.of(this).formatArn({ service: 'states', resource: `execution:${stateMachineName}:*` }),
    );
    return [
      this.allow('StartRuns', ['states:StartExecution'], [run.stateMachineArn]),
      this.allow('FindBackups', ['states:ListExecutions'], [backup.stateMachineArn]),
      this.allow(
        'FollowAndStopRuns',
        ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:StopExecution'],
        executions,
      ),
    ];
  }

  private documents(): iam.PolicyStatement[] {
    const { prove, restore, oneTimeKey } = this.props.documents;
    return [
      this.allow(
        'ProveAndRestore',
        ['ssm:SendCommand'],
        [prove, restore, oneTimeKey].map(({ ref }) =>
          Stack.of(this).formatArn({ service: 'ssm', resource: `document/${ref}` }),
        ),
      ),
      this.allow('OnBoxesForThat', ['ssm:SendCommand'], [ec2Arn(this, 'instance/*')], {
        StringEquals: {
          [`ssm:resourceTag/${TAGS.stack}`]: Aws.STACK_ID,
          [`ssm:resourceTag/${TAGS.purpose}`]: ['backup', 'restore'],
        },
      }),
    ];
  }
}
