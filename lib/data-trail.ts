import { Aws, Duration, Stack, Tags } from 'aws-cdk-lib';
import { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import { TAGS } from '../contract/tags';
import type { ControlFunction } from './control-function';
import { Emptier } from './emptier';
import type { Encryption } from './encryption';
import { emptyBucket } from './permissions';
import { keepOrDelete, type OnDestroy } from './removal';

/** How long records are kept: a yearly audit finds all that happened since the last one. */
const RECORDS_KEPT = Duration.days(400);

/** Properties of {@link DataTrail}. */
export interface DataTrailProps {
  /** Of the records; its key policy lets the trail in. */
  readonly encryption: Encryption;
  /** Whose objects are watched, and nobody else's. */
  readonly watched: s3.Bucket;
  /**
   * What becomes of the records when the stack is deleted. The trail itself goes in any case.
   *
   * @defaultValue keep
   */
  readonly onDestroy?: OnDestroy;
}

/**
 * CloudTrail's record of every request for an object of one bucket: who, when, from where, refused or not. It lies in a bucket
 * of its own, with digests that show whether somebody altered it (`aws cloudtrail validate-logs`).
 */
export class DataTrail extends Construct {
  /** Where the records are. */
  readonly bucket: s3.Bucket;
  readonly trail: CfnTrail;
  private readonly encryption: Encryption;

  constructor(scope: Construct, id: string, props: DataTrailProps) {
    super(scope, id);
    const { encryption, watched, onDestroy = 'keep' } = props;
    this.encryption = encryption;
    // Named, since bucket and key must admit this trail alone, before it exists.
    const trailName = `${Aws.STACK_NAME}-backups`;
    const trailArn = Stack.of(this).formatArn({ service: 'cloudtrail', resource: `trail/${trailName}` });
    this.bucket = this.recordsBucket(onDestroy);
    const policy = this.letTrailIn(trailArn);
    keepOrDelete(policy, onDestroy, 'resource');
    encryption.letTrailIn(trailArn);
    this.trail = new CfnTrail(this, 'Trail', {
      trailName,
      isLogging: true,
      s3BucketName: this.bucket.bucketName,
      kmsKeyId: encryption.key.keyArn,
      enableLogFileValidation: true,
      includeGlobalServiceEvents: false,
      isMultiRegionTrail: false,
      advancedEventSelectors: [objectsOf(watched)],
    });
    this.trail.node.addDependency(policy);
    if (onDestroy === 'delete') this.emptyBefore(policy);
  }

  /** Lets somebody read the records. */
  grantRead(grantee: iam.IGrantable): iam.Grant {
    return this.bucket.grantRead(grantee);
  }

  /** Lets a function delete every record. */
  grantEmpty(emptier: ControlFunction): void {
    emptier.addToPolicy(...emptyBucket(this.bucket));
    emptier.addEnvironment(FUNCTION_ENVIRONMENT.bucket, this.bucket.bucketName);
  }

  private recordsBucket(onDestroy: OnDestroy): s3.Bucket {
    const bucket = new s3.Bucket(this, 'Records', {
      versioned: true,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.encryption.key,
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [
        {
          expiration: RECORDS_KEPT,
          noncurrentVersionExpiration: Duration.days(30),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
        },
      ],
    });
    keepOrDelete(bucket, onDestroy, 'resource');
    Tags.of(bucket).add(TAGS.stack, Aws.STACK_ID);
    return bucket;
  }

  /** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html */
  private letTrailIn(trailArn: string): s3.BucketPolicy {
    const { bucket } = this;
    const allow = (sid: string, action: string, resource: string, conditions: object): void => {
      bucket.addToResourcePolicy(
        new iam.PolicyStatement({
          sid,
          principals: [new iam.ServicePrincipal('cloudtrail.amazonaws.com')],
          actions: [action],
          resources: [resource],
          conditions: { StringEquals: { 'aws:SourceArn': trailArn, ...conditions } },
        }),
      );
    };
    allow('TrailLooks', 's3:GetBucketAcl', bucket.bucketArn, {});
    allow('TrailWrites', 's3:PutObject', bucket.arnForObjects(`AWSLogs/${Aws.ACCOUNT_ID}/*`), {
      's3:x-amz-acl': 'bucket-owner-full-control',
    });
    if (bucket.policy === undefined) throw new Error(`${bucket.node.path} has no policy.`);
    return bucket.policy;
  }

  /** CloudTrail delivers for minutes after a trail has gone: its permission goes first, then the records, then the bucket. */
  private emptyBefore(policy: s3.BucketPolicy): void {
    const emptier = new Emptier(this, 'Emptier', {
      encryption: this.encryption,
      bucket: this,
      before: this.bucket.node.defaultChild ?? this.bucket,
      description: 'Deletes the records of requests when the stack is deleted (onDestroy: delete)',
    });
    policy.node.addDependency(emptier);
  }
}

/** Reads, writes and refusals alike; no management events, of which an account has a free record elsewhere. */
const objectsOf = (watched: s3.Bucket): CfnTrail.AdvancedEventSelectorProperty => ({
  name: 'Objects of one bucket',
  fieldSelectors: [
    { field: 'eventCategory', equalTo: ['Data'] },
    { field: 'resources.type', equalTo: ['AWS::S3::Object'] },
    { field: 'resources.ARN', startsWith: [watched.arnForObjects('')] },
  ],
});
