import { Aws, type Stack } from 'aws-cdk-lib';
import { BOX_ENVIRONMENT, BOX_PATHS } from '../contract/environment';
import { allowArchives } from './archives';
import type { BackupBucket } from './backup-bucket';
import type { BoxProgram } from './box-program';
import type { Settings } from './config/schema';
import type { Database } from './database';
import { databasePackages } from './database-engine';
import { Jumpbox } from './jumpbox';
import type { Network } from './network';
import type { Installation } from './user-data';

/** What {@link addBoxes} works with. */
export interface BoxesProps {
  readonly settings: Settings;
  readonly network: Network;
  readonly bucket: BackupBucket;
  readonly database: Database;
  readonly program: BoxProgram;
}

/** What backup boxes may do to objects of the bucket, as the endpoint sees it. */
const BACKUP_ACTIONS = [
  's3:PutObject',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];

/** The boxes of people and of the database: for access, for backups, for restores; with what each may do. */
export function addBoxes(
  stack: Stack,
  { settings, network, bucket, database, program }: BoxesProps,
): readonly Jumpbox[] {
  const common = {
    network,
    name: settings.name,
    instanceType: settings.boxTypes[0],
    volumeGiB: settings.boxVolumeGiB,
    maxTtlMinutes: settings.maxTtlMinutes,
  };
  const access = new Jumpbox(stack, 'AccessBox', { ...common, purpose: 'access' });
  const installation = toolsFor(settings, program);
  const backup = new Jumpbox(stack, 'BackupBox', { ...common, purpose: 'backup', installation });
  const restore = new Jumpbox(stack, 'RestoreBox', { ...common, purpose: 'restore', installation });
  database.allowFrom(access, 'access box');
  for (const box of [backup, restore]) database.grantLogin(box);
  bucket.grantBackup(backup, network.s3Endpoint);
  bucket.grantRestore(restore);
  for (const box of [backup, restore]) {
    program.grantFetch(box);
    box.addEnvironment(BOX_ENVIRONMENT.region, Aws.REGION);
    box.addEnvironment(BOX_ENVIRONMENT.stackId, Aws.STACK_ID);
    box.addEnvironment(BOX_ENVIRONMENT.scratchDirectory, BOX_PATHS.scratch);
    box.addEnvironment(BOX_ENVIRONMENT.zstdLevel, settings.zstdLevel.toString());
    box.addEnvironment(BOX_ENVIRONMENT.keyDirectory, BOX_PATHS.keys);
  }
  if (settings.format !== 'zstd') backup.addEnvironment(BOX_ENVIRONMENT.format, settings.format);
  if (settings.leaveOutRows.length > 0)
    backup.addEnvironment(BOX_ENVIRONMENT.leaveOutRows, settings.leaveOutRows.join(','));
  if (settings.ageRecipients.length > 0)
    backup.addEnvironment(BOX_ENVIRONMENT.ageRecipients, settings.ageRecipients.join(','));
  network.allowThroughEndpoint(bucket.bucket.arnForObjects('*'), BACKUP_ACTIONS);
  network.allowThroughEndpoint(bucket.bucket.bucketArn, ['s3:ListBucket']);
  network.allowSecret(database.secretArn);
  if (settings.archiveSecretArn !== undefined)
    allowArchives(settings.archiveSecretArn, network, [backup, restore]);
  network.allowThroughEndpoint(program.asset.bucket.arnForObjects('*'), ['s3:GetObject']);
  return [access, backup, restore];
}

/** Client tools of the server's own major, and a server of it for proofs. */
function toolsFor(settings: Settings, program: BoxProgram): Installation {
  return {
    packages: [
      'nodejs24',
      ...databasePackages(settings.engine, settings.engineVersion),
      'zstd',
      ...(settings.archiveSecretArn === undefined ? [] : ['p7zip']),
    ],
    directories: [BOX_PATHS.scratch],
    files: {},
    downloads: { [BOX_PATHS.program]: program.asset.s3ObjectUrl },
    region: Aws.REGION,
  };
}
