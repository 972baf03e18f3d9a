import { Aws, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { JUMP_HOST, TAGS } from '../contract/tags';

/** ARN of EC2 resources of this account and region; `image` ones belong to no account. */
export function ec2Arn(scope: Construct, resource: string): string {
  return Stack.of(scope).formatArn({ service: 'ec2', resource });
}

/** EC2 knows no narrower resource for this. */
export const describeInstances = (): iam.PolicyStatement =>
  new iam.PolicyStatement({ sid: 'SeeInstances', actions: ['ec2:DescribeInstances'], resources: ['*'] });

/** Tags of a resource that already is one of this stack, or of one intake source of it. */
const ownedBy = (source: string | undefined): Record<string, string> => ({
  [`aws:ResourceTag/${TAGS.stack}`]: Aws.STACK_ID,
  ...(source === undefined ? {} : { [`aws:ResourceTag/${TAGS.source}`]: source }),
});

/**
 * Whatever this stack launched, however badly it is tagged, but never the standing jump host.
 *
 * @param source - only the boxes of this intake source
 */
export const terminateBoxes = (scope: Construct, source?: string): iam.PolicyStatement =>
  new iam.PolicyStatement({
    sid: 'TerminateBoxes',
    actions: ['ec2:TerminateInstances'],
    resources: [ec2Arn(scope, 'instance/*')],
    conditions: {
      StringEquals: ownedBy(source),
      StringNotEquals: { [`aws:ResourceTag/${TAGS.purpose}`]: JUMP_HOST },
    },
  });

/** What may be launched, and how. */
export interface LaunchLimits {
  readonly launchTemplateIds: readonly string[];
  readonly subnetIds: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly roleArns: readonly string[];
  /** Intake source that every launched box must be tagged with. */
  readonly source?: string | undefined;
}

/** Tags that a launch may set; the template's own are among them. */
const launchTags = (source: string | undefined): string[] => [
  ...[
    TAGS.name,
    TAGS.stack,
    TAGS.purpose,
    TAGS.expiresAt,
    TAGS.requestId,
    TAGS.holder,
    TAGS.reason,
    TAGS.requestedBy,
  ],
  ...(source === undefined ? [] : [TAGS.source]),
];

/**
 * RunInstances is authorised once per resource (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html):
 * everything must come from one of our templates; only the subnet, which the caller chooses, is pinned by its ARN, with
 * the network interface that is made in it. Type and tags are parameters, limited on the instance.
 */
export function launchBoxes(scope: Construct, limits: LaunchLimits): iam.PolicyStatement[] {
  const arns = (kind: string, ids: readonly string[]): string[] =>
    ids.map((id) => ec2Arn(scope, `${kind}/${id}`));
  const subnets = arns('subnet', limits.subnetIds);
  const ourTemplate = { 'ec2:LaunchTemplate': arns('launch-template', limits.launchTemplateIds) };
  const asInTemplate = { ArnEquals: ourTemplate, Bool: { 'ec2:IsLaunchTemplateResource': 'true' } };
  const run = (sid: string, resources: string[], conditions: Record<string, unknown>): iam.PolicyStatement =>
    new iam.PolicyStatement({ sid, actions: ['ec2:RunInstances'], resources, conditions });
  return [
    run('LaunchTaggedBoxes', [ec2Arn(scope, 'instance/*')], {
      ...asInTemplate,
      StringEquals: {
        [`aws:RequestTag/${TAGS.stack}`]: Aws.STACK_ID,
        ...(limits.source === undefined ? {} : { [`aws:RequestTag/${TAGS.source}`]: limits.source }),
        'ec2:InstanceType': [...limits.instanceTypes],
      },
      Null: { [`aws:RequestTag/${TAGS.expiresAt}`]: 'false', [`aws:RequestTag/${TAGS.purpose}`]: 'false' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': launchTags(limits.source) },
    }),
    run(
      'LaunchAsTheTemplateSays',
      [
        ...arns('launch-template', limits.launchTemplateIds),
        ec2Arn(scope, 'volume/*'),
        ec2Arn(scope, 'security-group/*'),
        `arn:${Aws.PARTITION}:ec2:${Aws.REGION}::image/*`,
      ],
      asInTemplate,
    ),
    run('LaunchInOurSubnets', subnets, { ArnEquals: ourTemplate }),
    run('LaunchWithAnInterfaceThere', [ec2Arn(scope, 'network-interface/*')], {
      ArnEquals: { ...ourTemplate, 'ec2:Subnet': subnets },
    }),
    tagAtLaunch(scope, limits.source),
    new iam.PolicyStatement({
      sid: 'PassBoxRoles',
      actions: ['iam:PassRole'],
      resources: [...limits.roleArns],
      conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    }),
    new iam.PolicyStatement({
      sid: 'ResolveImage',
      actions: ['ssm:GetParameters'],
      resources: [`arn:${Aws.PARTITION}:ssm:${Aws.REGION}::parameter/aws/service/ami-amazon-linux-latest/*`],
    }),
  ];
}

/** Only while launching: nobody can tag a foreign instance into this stack's reach. */
function tagAtLaunch(scope: Construct, source: string | undefined): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid: 'TagAtLaunch',
    actions: ['ec2:CreateTags'],
    resources: ['instance/*', 'volume/*', 'network-interface/*'].map((resource) => ec2Arn(scope, resource)),
    conditions: {
      StringEquals: { 'ec2:CreateAction': 'RunInstances' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': launchTags(source) },
    },
  });
}

/** Running these documents on backup boxes of this stack, and on nothing else; what became of a command is told by its id. */
export const sendToBackupBoxes = (scope: Construct, documents: readonly string[]): iam.PolicyStatement[] => [
  new iam.PolicyStatement({
    sid: 'SendOurDocuments',
    actions: ['ssm:SendCommand'],
    resources: documents.map((name) =>
      Stack.of(scope).formatArn({ service: 'ssm', resource: `document/${name}` }),
    ),
  }),
  new iam.PolicyStatement({
    sid: 'ToBackupBoxes',
    actions: ['ssm:SendCommand'],
    resources: [ec2Arn(scope, 'instance/*')],
    conditions: {
      StringEquals: {
        [`ssm:resourceTag/${TAGS.stack}`]: Aws.STACK_ID,
        [`ssm:resourceTag/${TAGS.purpose}`]: 'backup',
      },
    },
  }),
  new iam.PolicyStatement({
    sid: 'FollowCommands',
    actions: ['ssm:GetCommandInvocation', 'ssm:DescribeInstanceInformation'],
    resources: ['*'],
  }),
];

/** Moving the expiry of a live box, which is one tag of it. */
export const extendBoxes = (scope: Construct, source?: string): iam.PolicyStatement =>
  new iam.PolicyStatement({
    sid: 'MoveExpiry',
    actions: ['ec2:CreateTags'],
    resources: [ec2Arn(scope, 'instance/*')],
    conditions: {
      StringEquals: ownedBy(source),
      'ForAllValues:StringEquals': { 'aws:TagKeys': [TAGS.expiresAt] },
    },
  });

/** Deletes whatever lies in a bucket, past governance locks. */
export const emptyBucket = (bucket: Bucket): iam.PolicyStatement[] => [
  new iam.PolicyStatement({
    sid: 'SeeEverything',
    actions: ['s3:ListBucketVersions', 's3:ListBucketMultipartUploads'],
    resources: [bucket.bucketArn],
  }),
  new iam.PolicyStatement({
    sid: 'DeleteEverything',
    actions: ['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention', 's3:AbortMultipartUpload'],
    resources: [bucket.arnForObjects('*')],
  }),
];
