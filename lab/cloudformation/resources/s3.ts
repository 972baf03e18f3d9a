import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeletePublicAccessBlockCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type LifecycleRule,
  type S3Client,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { resourceType, type ResourceContext, type ResourceState } from '../resource-type';
import { allTags, bool, document, integer, removed, tags, text } from './properties';

const status = z.enum(['Enabled', 'Disabled']);
const transition = z.strictObject({ StorageClass: text, TransitionInDays: integer });

const lifecycleRule = z.strictObject({
  Id: text.optional(),
  Status: status,
  Prefix: text.optional(),
  ObjectSizeGreaterThan: integer.optional(),
  TagFilters: tags.optional(),
  AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: integer }).optional(),
  ExpirationInDays: integer.optional(),
  ExpiredObjectDeleteMarker: bool.optional(),
  NoncurrentVersionExpiration: z
    .strictObject({ NoncurrentDays: integer, NewerNoncurrentVersions: integer.optional() })
    .optional(),
  Transitions: z.array(transition).optional(),
  NoncurrentVersionTransitions: z.array(transition).optional(),
});

const properties = z.strictObject({
  BucketName: text.optional(),
  AccessControl: z.enum(['Private', 'LogDeliveryWrite']).optional(),
  BucketEncryption: z
    .strictObject({
      ServerSideEncryptionConfiguration: z.array(
        z.strictObject({
          BucketKeyEnabled: bool.optional(),
          ServerSideEncryptionByDefault: z.strictObject({
            SSEAlgorithm: z.enum(['aws:kms', 'AES256', 'aws:kms:dsse']),
            KMSMasterKeyID: text.optional(),
          }),
        }),
      ),
    })
    .optional(),
  LifecycleConfiguration: z.strictObject({ Rules: z.array(lifecycleRule) }).optional(),
  LoggingConfiguration: z
    .strictObject({ DestinationBucketName: text, LogFilePrefix: text.optional() })
    .optional(),
  ObjectLockConfiguration: z
    .strictObject({
      ObjectLockEnabled: z.literal('Enabled').optional(),
      Rule: z
        .strictObject({
          DefaultRetention: z.strictObject({
            Days: integer.optional(),
            Years: integer.optional(),
            Mode: z.enum(['GOVERNANCE', 'COMPLIANCE']),
          }),
        })
        .optional(),
    })
    .optional(),
  ObjectLockEnabled: bool.optional(),
  OwnershipControls: z
    .strictObject({
      Rules: z.array(
        z.strictObject({
          ObjectOwnership: z.enum(['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter']),
        }),
      ),
    })
    .optional(),
  PublicAccessBlockConfiguration: z
    .strictObject({
      BlockPublicAcls: bool.optional(),
      BlockPublicPolicy: bool.optional(),
      IgnorePublicAcls: bool.optional(),
      RestrictPublicBuckets: bool.optional(),
    })
    .optional(),
  VersioningConfiguration: z.strictObject({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
  Tags: tags.optional(),
});
type BucketProperties = z.output<typeof properties>;

/** A rule in the words of the API, which nests what CloudFormation keeps flat. */
function lifecycle(rule: z.output<typeof lifecycleRule>): LifecycleRule {
  const conditions = [rule.Prefix, rule.ObjectSizeGreaterThan, rule.TagFilters].filter(
    (one) => one !== undefined,
  );
  const and = {
    Prefix: rule.Prefix,
    ObjectSizeGreaterThan: rule.ObjectSizeGreaterThan,
    Tags: rule.TagFilters,
  };
  const [onlyTag] = rule.TagFilters ?? [];
  const single = onlyTag === undefined ? { Prefix: rule.Prefix ?? '' } : { Tag: onlyTag };
  const size =
    rule.ObjectSizeGreaterThan === undefined ? single : { ObjectSizeGreaterThan: rule.ObjectSizeGreaterThan };
  const days = rule.ExpirationInDays;
  const marker = rule.ExpiredObjectDeleteMarker;
  return {
    ID: rule.Id,
    Status: rule.Status,
    Filter: conditions.length > 1 || (rule.TagFilters ?? []).length > 1 ? { And: and } : size,
    AbortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload,
    Expiration:
      days === undefined && marker === undefined
        ? undefined
        : { Days: days, ExpiredObjectDeleteMarker: marker },
    NoncurrentVersionExpiration: rule.NoncurrentVersionExpiration,
    Transitions: rule.Transitions?.map(({ StorageClass, TransitionInDays }) => ({
      StorageClass: StorageClass as 'GLACIER',
      Days: TransitionInDays,
    })),
    NoncurrentVersionTransitions: rule.NoncurrentVersionTransitions?.map(
      ({ StorageClass, TransitionInDays }) => ({
        StorageClass: StorageClass as 'GLACIER',
        NoncurrentDays: TransitionInDays,
      }),
    ),
  };
}

async function configure(
  s3: S3Client,
  Bucket: string,
  now: BucketProperties,
  context: ResourceContext,
): Promise<void> {
  const { BucketEncryption, LifecycleConfiguration, LoggingConfiguration, ObjectLockConfiguration } = now;
  if (BucketEncryption !== undefined) {
    const Rules = BucketEncryption.ServerSideEncryptionConfiguration.map(
      ({ BucketKeyEnabled, ServerSideEncryptionByDefault: { SSEAlgorithm, KMSMasterKeyID } }) => ({
        BucketKeyEnabled,
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm, KMSMasterKeyID },
      }),
    );
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
  }
  const { VersioningConfiguration, PublicAccessBlockConfiguration, OwnershipControls } = now;
  if (VersioningConfiguration !== undefined)
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  if (PublicAccessBlockConfiguration !== undefined)
    await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
  if (OwnershipControls !== undefined)
    await s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }));
  if (LifecycleConfiguration !== undefined) {
    const Rules = LifecycleConfiguration.Rules.map(lifecycle);
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
  }
  if (ObjectLockConfiguration !== undefined)
    await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
  if (LoggingConfiguration !== undefined) {
    const { DestinationBucketName: TargetBucket, LogFilePrefix: TargetPrefix = '' } = LoggingConfiguration;
    await s3.send(
      new PutBucketLoggingCommand({
        Bucket,
        BucketLoggingStatus: { LoggingEnabled: { TargetBucket, TargetPrefix } },
      }),
    );
  }
  const TagSet = allTags(now.Tags, context);
  if (TagSet.length > 0) await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
}

/** Takes back what a new template no longer says. */
async function unconfigure(
  s3: S3Client,
  Bucket: string,
  now: BucketProperties,
  before: BucketProperties,
): Promise<void> {
  const left = (name: keyof BucketProperties): boolean =>
    before[name] !== undefined && now[name] === undefined;
  if (left('BucketEncryption')) await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
  if (left('LifecycleConfiguration')) await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
  if (left('PublicAccessBlockConfiguration')) await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  if (left('VersioningConfiguration'))
    await s3.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
    );
}

const stateOf = (id: string, region: string): ResourceState => ({
  id,
  attributes: {
    Arn: `arn:aws:s3:::${id}`,
    DomainName: `${id}.s3.amazonaws.com`,
    RegionalDomainName: `${id}.s3.${region}.amazonaws.com`,
    DualStackDomainName: `${id}.s3.dualstack.${region}.amazonaws.com`,
    WebsiteURL: `http://${id}.s3-website-${region}.amazonaws.com`,
  },
});

const bucket = resourceType({
  type: 'AWS::S3::Bucket',
  properties,
  createOnly: ['BucketName', 'ObjectLockEnabled'],
  records: { AccessControl: 'the emulator enforces no bucket ACL; both accepted values keep strangers out' },
  async create(now, context) {
    const { s3 } = context.clients;
    const Bucket = now.BucketName ?? context.name(63).toLowerCase();
    await s3.send(
      new CreateBucketCommand({
        Bucket,
        ObjectLockEnabledForBucket: now.ObjectLockEnabled,
        ...(context.region === 'us-east-1'
          ? {}
          : { CreateBucketConfiguration: { LocationConstraint: context.region as 'eu-west-1' } }),
      }),
    );
    context.announce(Bucket);
    await configure(s3, Bucket, now, context);
    return stateOf(Bucket, context.region);
  },
  async update(id, now, before, context) {
    await configure(context.clients.s3, id, now, context);
    await unconfigure(context.clients.s3, id, now, before);
    return stateOf(id, context.region);
  },
  async delete(id, _properties, { clients: { s3 } }) {
    await removed(s3.send(new DeleteBucketCommand({ Bucket: id })));
  },
});

const bucketPolicy = resourceType({
  type: 'AWS::S3::BucketPolicy',
  properties: z.strictObject({ Bucket: text, PolicyDocument: document }),
  createOnly: ['Bucket'],
  async create({ Bucket, PolicyDocument: Policy }, { clients: { s3 } }) {
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    return { id: Bucket };
  },
  async update(id, { Bucket, PolicyDocument: Policy }, _previous, { clients: { s3 } }) {
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    return { id };
  },
  async delete(_id, { Bucket }, { clients: { s3 } }) {
    await removed(s3.send(new DeleteBucketPolicyCommand({ Bucket })));
  },
});

/** Buckets. */
export const S3_TYPES = [bucket, bucketPolicy];
