import { Aws, Duration, Tags } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { BOX_ENVIRONMENT, FUNCTION_ENVIRONMENT } from '../contract/environment';
import { BACKUPS, INTAKE, intakePrefix, receiptsPrefix } from '../contract/keys';
import { sourceWord } from '../contract/outputs';
import { EXPIRABLE } from '../contract/retention';
import { TAGS } from '../contract/tags';
import { withDefaults } from './config/defaults';
import type { SettingProps } from './config/props';
import type { Settings } from './config/schema';
import type { ControlFunction } from './control-function';
import type { Jumpbox } from './jumpbox';
import { emptyBucket } from './permissions';
import { keepOrDelete } from './removal';

/** Properties of {@link BackupBucket}. */
export interface BackupBucketProps extends Pick<
  SettingProps,
  'objectLockMode' | 'objectLockDays' | 'onDestroy' | 'maxTtlMinutes'
> {
  /** Encrypts what is written; goes where the bucket goes. */
  readonly key: kms.IKey;
  /**
   * Intake sources that have a prefix of their own: {@link BackupBucket.grantIntake}.
   *
   * @defaultValue none
   */
  readonly intakeSources?: readonly { readonly name: string }[];
}

/** Where backups lie: written once, by a box of the right purpose, through the endpoint; kept when the stack goes, unless told otherwise. */
export class BackupBucket extends Construct {
  readonly bucket: s3.Bucket;
  readonly key: kms.IKey;
  /** What of the bucket belongs to intake sources. */
  private readonly intakeObjects: readonly string[];

  constructor(scope: Construct, id: string, given: BackupBucketProps) {
    super(scope, id);
    const props = withDefaults(given);
    this.key = props.key;
    this.bucket = new s3.Bucket(this, 'Bucket', {
      versioned: true,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: props.key,
      bucketKeyEnabled: true,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // On even without a default retention: a bucket cannot be given locks later without being replaced.
      objectLockEnabled: true,
      ...retention(props),
      lifecycleRules: [
        { abortIncompleteMultipartUploadAfter: Duration.days(Math.ceil(props.maxTtlMinutes / (24 * 60))) },
        // A lifecycle cannot keep a minimum: it takes only what was marked from outside, and S3 keeps it from what is locked.
        {
          id: 'ExpireMarked',
          tagFilters: { [EXPIRABLE.key]: EXPIRABLE.value },
          expiration: Duration.days(1),
          noncurrentVersionExpiration: Duration.days(1),
        },
        { id: 'ForgetDeleted', prefix: BACKUPS, expiredObjectDeleteMarker: true },
      ],
    });
    keepOrDelete(this.bucket, props.onDestroy, 'resource');
    // What survives the stack is found by this tag: its outputs are gone by then.
    Tags.of(this.bucket).add(TAGS.stack, Aws.STACK_ID);
    this.intakeObjects = props.intakeSources.map(({ name }) =>
      this.bucket.arnForObjects(`${intakePrefix(name)}*`),
    );
    this.denyOverwrites();
    // Not kept with the bucket by itself, and without it the kept backups would lose their protection.
    if (this.bucket.policy !== undefined) keepOrDelete(this.bucket.policy, props.onDestroy, 'resource');
  }

  /**
   * Lets one purpose, and from then on nobody else, write backups: to new keys only, never deleting.
   *
   * @param endpoint - the only way by which a write may come
   */
  grantBackup(box: Jumpbox, endpoint: ec2.IGatewayVpcEndpoint): void {
    const objects = this.bucket.arnForObjects(`${BACKUPS}*`);
    const allow = (sid: string, actions: string[], resource: string, conditions = {}): void => {
      box.addToPolicy(new iam.PolicyStatement({ sid, actions, resources: [resource], conditions }));
    };
    allow('WriteAndReadBackups', BACKUP_ACTIONS, objects);
    allow('ListBackups', ['s3:ListBucket'], this.bucket.bucketArn, {
      StringLike: { 's3:prefix': `${BACKUPS}*` },
    });
    allow('EncryptBackups', ['kms:GenerateDataKey', 'kms:Decrypt'], this.key.keyArn);
    box.addEnvironment(BOX_ENVIRONMENT.bucket, this.bucket.bucketName);
    const actions = { actions: WRITE_ACTIONS };
    this.deny('OnlyThroughTheEndpoint', actions, {
      StringNotEquals: { 'aws:SourceVpce': endpoint.vpcEndpointId },
    });
    const elsewhere = this.intakeObjects.length === 0 ? {} : { notResources: [...this.intakeObjects] };
    this.deny(
      'OnlyByBackupBoxes',
      { ...actions, ...elsewhere },
      { ArnNotEquals: { 'aws:PrincipalArn': box.role.roleArn } },
    );
  }

  /** Lets somebody list, read and decrypt backups, and nothing else; {@link BackupBucket.grantRestore} for a box. */
  grantReadBackups(grantee: iam.IGrantable): iam.Grant {
    const allow = (actions: string[], resource: string, conditions = {}): iam.Grant =>
      iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [resource], conditions });
    const list = allow(['s3:ListBucket'], this.bucket.bucketArn, {
      StringLike: { 's3:prefix': `${BACKUPS}*` },
    });
    const read = allow(READ_ACTIONS, this.bucket.arnForObjects(`${BACKUPS}*`));
    return list.combine(read).combine(allow(['kms:Decrypt'], this.key.keyArn));
  }

  /** Lets a box read backups, and nothing else: it can write neither one nor a proof. */
  grantRestore(box: Jumpbox): void {
    const allow = (sid: string, actions: string[], resource: string, conditions = {}): void => {
      box.addToPolicy(new iam.PolicyStatement({ sid, actions, resources: [resource], conditions }));
    };
    allow('ReadBackups', READ_ACTIONS, this.bucket.arnForObjects(`${BACKUPS}*`));
    allow('ListBackups', ['s3:ListBucket'], this.bucket.bucketArn, {
      StringLike: { 's3:prefix': `${BACKUPS}*` },
    });
    allow('DecryptBackups', ['kms:Decrypt'], this.key.keyArn);
    box.addEnvironment(BOX_ENVIRONMENT.bucket, this.bucket.bucketName);
  }

  /**
   * Lets the boxes of one intake source, and nobody else, put new keys under its prefix. They list and read its receipts, so
   * that what is unchanged is not sent again; no file's content.
   */
  grantIntake(box: Jumpbox, source: string): void {
    const objects = this.bucket.arnForObjects(`${intakePrefix(source)}*`);
    const receipts = this.bucket.arnForObjects(`${receiptsPrefix(source)}*`);
    const allow = (sid: string, actions: string[], resource: string, conditions = {}): void => {
      box.addToPolicy(new iam.PolicyStatement({ sid, actions, resources: [resource], conditions }));
    };
    allow('HandFilesIn', ['s3:PutObject'], objects);
    allow('ReadReceipts', ['s3:GetObject', ...MULTIPART_ACTIONS], receipts);
    allow('ListOwnNames', ['s3:ListBucket'], this.bucket.bucketArn, {
      StringLike: { 's3:prefix': `${receiptsPrefix(source)}*` },
    });
    allow('EncryptFiles', ['kms:GenerateDataKey', 'kms:Decrypt'], this.key.keyArn);
    box.addEnvironment(BOX_ENVIRONMENT.bucket, this.bucket.bucketName);
    const only = (operator: string): object => ({ [operator]: { 'aws:PrincipalArn': box.role.roleArn } });
    const sid = (what: string): string => `${what}${sourceWord(source)}`;
    this.deny(
      sid('OnlyByIntake'),
      { actions: WRITE_ACTIONS, resources: [objects] },
      { ...only('ArnNotEquals') },
    );
    const reads = this.bucket.arnForObjects(`${receiptsPrefix(source)}*`);
    const elsewhere = (kept: string): Pick<iam.PolicyStatementProps, 'notResources'> => ({
      notResources: [kept, this.bucket.bucketArn],
    });
    this.deny(sid('NothingElse'), { actions: ['s3:*'], ...elsewhere(objects) }, { ...only('ArnEquals') });
    this.deny(
      sid('NoReading'),
      { actions: ['s3:GetObject*'], ...elsewhere(reads) },
      { ...only('ArnEquals') },
    );
  }

  /**
   * No box deletes, unlocks or exposes, whatever its role may come to say. All but what backups need is denied, so that an
   * action that S3 learns later is denied too.
   */
  denyDeletes(boxes: readonly Jumpbox[]): void {
    this.deny(
      'NoDeletesByBoxes',
      { notActions: BACKUP_ACTIONS },
      { ArnEquals: { 'aws:PrincipalArn': boxes.map(({ role }) => role.roleArn) } },
    );
  }

  /** Lets a function find and abort uploads that their box left open. */
  grantAbortUploads(sweeper: ControlFunction): void {
    sweeper.addToPolicy(
      new iam.PolicyStatement({
        sid: 'FindUploads',
        actions: ['s3:ListBucketMultipartUploads'],
        resources: [this.bucket.bucketArn],
      }),
      new iam.PolicyStatement({
        sid: 'AbortUploads',
        actions: ['s3:AbortMultipartUpload'],
        resources: [BACKUPS, INTAKE].map((prefix) => this.bucket.arnForObjects(`${prefix}*`)),
      }),
    );
    sweeper.addEnvironment(FUNCTION_ENVIRONMENT.bucket, this.bucket.bucketName);
  }

  /** Lets a function delete everything, locked or not, and from then on nobody else delete what is locked. */
  grantEmpty(emptier: ControlFunction): void {
    emptier.addToPolicy(...emptyBucket(this.bucket));
    emptier.addEnvironment(FUNCTION_ENVIRONMENT.bucket, this.bucket.bucketName);
    this.deny(
      'LocksBypassedByTheEmptierOnly',
      { actions: ['s3:BypassGovernanceRetention'] },
      { ArnNotEquals: { 'aws:PrincipalArn': emptier.role.roleArn } },
    );
  }

  /** Lets a function mark what the lifecycle may expire, and read what tells which. It cannot delete. */
  grantMark(retain: ControlFunction): void {
    const objects = this.bucket.arnForObjects(`${BACKUPS}*`);
    const allow = (sid: string, actions: string[], resource: string): void => {
      retain.addToPolicy(new iam.PolicyStatement({ sid, actions, resources: [resource] }));
    };
    allow('FindBackups', ['s3:ListBucketVersions'], this.bucket.bucketArn);
    allow('ReadProofs', ['s3:GetObject'], objects);
    allow('MarkExpirable', ['s3:PutObjectTagging'], objects);
    allow('DecryptProofs', ['kms:Decrypt'], this.key.keyArn);
    retain.addEnvironment(FUNCTION_ENVIRONMENT.bucket, this.bucket.bucketName);
  }

  /**
   * The parts of a multipart upload carry no `If-None-Match`, its completion does
   * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html).
   */
  private denyOverwrites(): void {
    this.deny(
      'OnlyNewKeys',
      { actions: ['s3:PutObject'] },
      { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    );
  }

  /** On objects alone: whoever manages the bucket cannot be locked out of managing it. */
  private deny(
    sid: string,
    what: Pick<iam.PolicyStatementProps, 'actions' | 'notActions' | 'resources' | 'notResources'>,
    conditions: Record<string, unknown>,
  ): void {
    this.bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        sid,
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        ...(what.notResources === undefined ? { resources: [this.bucket.arnForObjects('*')] } : {}),
        ...what,
        conditions,
      }),
    );
  }
}

const MULTIPART_ACTIONS = ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];

const READ_ACTIONS = ['s3:GetObject', 's3:GetObjectVersion'];

const BACKUP_ACTIONS = ['s3:PutObject', ...MULTIPART_ACTIONS, ...READ_ACTIONS];

/** What puts objects into the bucket; replication from another bucket is a way around `PutObject`. */
const WRITE_ACTIONS = ['s3:PutObject', 's3:Replicate*'];

function retention(
  props: Pick<Settings, 'objectLockMode' | 'objectLockDays'>,
): Pick<s3.BucketProps, 'objectLockDefaultRetention'> {
  const days = Duration.days(props.objectLockDays);
  switch (props.objectLockMode) {
    case 'governance':
      return { objectLockDefaultRetention: s3.ObjectLockRetention.governance(days) };
    case 'compliance':
      return { objectLockDefaultRetention: s3.ObjectLockRetention.compliance(days) };
    case 'none':
      return {};
  }
}
