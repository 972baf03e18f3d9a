import { Aws, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { BOX_ENVIRONMENT, BOX_PATHS } from '../contract/environment';
import { AccessPolicies, type AccessPoliciesProps } from './access-policies';
import { accessTargets, allowTargets } from './access-targets';
import { BackupBucket } from './backup-bucket';
import { BackupSchedule } from './backup-schedule';
import { BoxProgram } from './box-program';
import { existingDatabaseOf, existingNetworkOf } from './config/existing';
import type { Settings } from './config/schema';
import type { Database } from './database';
import { databasePackages } from './database-engine';
import { DataTrail } from './data-trail';
import { Documents } from './documents';
import { Drain } from './drain';
import { Emptier } from './emptier';
import { Encryption } from './encryption';
import { ExistingDatabase } from './existing-database';
import { ExistingNetwork } from './existing-network';
import { Intake, type IntakeProps } from './intake/intake';
import type { IntakeSource } from './intake/source';
import { JumpHost } from './jump-host';
import { Jumpbox } from './jumpbox';
import { LifecycleFunctions } from './lifecycle-functions';
import { databaseCaParameter } from './database-ca';
import { Monitoring } from './monitoring';
import type { Network } from './network';

import { Notifications } from './notifications';
import { addOutputs, type PeopleOutputs } from './outputs';
import { databaseLogGroups, OwnDatabase } from './own-database';
import { OwnNetwork } from './own-network';
import { OwnerPolicy } from './owner-policy';
import { Retention } from './retention';
import { SessionDocuments } from './session-documents';
import { SessionRules } from './session-rules';
import { SweepSchedule } from './sweep-schedule';
import { TestEvents } from './test-events';
import type { Installation } from './user-data';
import { Workflow } from './workflow';
import { allowArchives } from './archives';

/** Properties of {@link DrawbridgeStack}. */
export interface DrawbridgeStackProps extends StackProps {
  readonly settings: Settings;
}

/** What backup boxes may do to objects of the bucket, as the endpoint sees it. */
const BACKUP_ACTIONS = [
  's3:PutObject',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:AbortMultipartUpload',
  's3:ListMultipartUploadParts',
];

/** One private database, the only ways into it, and the place its backups go to. */
export class DrawbridgeStack extends Stack {
  constructor(scope: Construct, id: string, props: DrawbridgeStackProps) {
    super(scope, id, { description: 'Private database, jump host and jumpboxes (Drawbridge)', ...props });
    const { settings } = props;
    const ownDatabase = existingDatabaseOf(settings) === undefined;
    const encryption = new Encryption(this, 'Encryption', {
      onDestroy: settings.onDestroy,
      logGroupNames: ownDatabase ? [databaseLogGroups(settings.name)] : [],
    });
    const network = this.addNetwork(settings, encryption);
    const bucket = new BackupBucket(this, 'Backups', { ...settings, key: encryption.key });
    const database = this.addDatabase(settings, network, encryption);
    const program = new BoxProgram(this, 'Program');
    const boxes = this.addBoxes(settings, network, bucket, database, program);
    const intake = this.addIntake({ ...settings, network, encryption, bucket, program });
    bucket.denyDeletes([...boxes, ...intake.map(({ box }) => box)]);
    const jumpHost = this.addJumpHost(settings, network, database);
    const functions = new LifecycleFunctions(this, 'Lifecycle', {
      ...settings,
      encryption,
      boxes,
      subnets: network.boxSubnets,
    });
    database.describeTo(functions.create);
    bucket.grantAbortUploads(functions.sweep);
    const schedule = new SweepSchedule(this, 'SweepSchedule', {
      sweep: functions.sweep,
      everyMinutes: settings.sweepMinutes,
    });
    const drain = new Drain(this, 'Drain', { encryption });
    drain.ends(...boxes, ...intake.map(({ box }) => box));
    drain.before(network);
    // The policy too, which keeps others from bypassing locks.
    if (settings.onDestroy === 'delete')
      drain.before(new Emptier(this, 'Emptier', { encryption, bucket, before: bucket }));
    const trail = this.addTrail(settings, encryption, bucket);
    this.addTestEvents(settings, functions, boxes);
    const documents = new Documents(this, 'Documents', { maxTtlMinutes: settings.maxTtlMinutes });
    const notifications = new Notifications(this, 'Notifications', { ...settings, encryption });
    const { topic } = notifications;
    const workflow = new Workflow(this, 'Workflow', { ...settings, encryption, functions, documents, topic });
    const { retain } = new Retention(this, 'Retention', { ...settings, encryption, bucket });
    const { run, backup } = workflow;
    new Monitoring(this, 'Monitoring', { ...settings, run, backup, retain, notifications });
    new SessionRules(this, 'SessionRules', { ...settings, notifications });
    const nightly = this.addNightly(settings, workflow);
    drain.after(schedule, ...nightly, workflow, functions.create, ...intake.map(({ create }) => create));
    const ways = [...boxes.filter(({ purpose }) => purpose === 'access'), ...(jumpHost ? [jumpHost] : [])];
    const people = this.addPeople(settings, network, encryption, ways, {
      functions,
      database,
      jumpHost,
      bucket,
      intake,
    });
    const owner = new OwnerPolicy(this, 'Owner', {
      ...settings,
      functions,
      bucket,
      documents,
      workflow,
      retain,
    });
    addOutputs(this, {
      functions,
      owner,
      bucket,
      database,
      documents,
      jumpHost,
      workflow,
      topic,
      retain,
      trail,
      ...people,
    });
  }

  /** How people come in: session documents, what they may reach, and policies that allow it. */
  private addPeople(
    settings: Settings,
    network: Network,
    encryption: Encryption,
    ways: readonly (Jumpbox | JumpHost)[],
    reached: Required<Pick<AccessPoliciesProps, 'functions' | 'database' | 'jumpHost' | 'bucket' | 'intake'>>,
  ): PeopleOutputs {
    const targets = accessTargets(settings.accessTargets);
    const sessionLogs = encryption.logGroup(this, 'SessionLogs');
    network.allowRecording(sessionLogs.logGroupArn);
    const sessions = new SessionDocuments(this, 'Sessions', {
      ...settings,
      ...reached,
      targets,
      logGroup: sessionLogs,
    });
    sessions.describeTo(reached.functions.create);
    for (const way of ways) {
      sessions.grantRecording(way);
      allowTargets(way, targets);
    }
    const databaseCa = databaseCaParameter(this, settings.databaseCa);
    const policies = new AccessPolicies(this, 'Access', {
      ...settings,
      ...reached,
      sessions,
      sessionLogs,
      databaseCa,
    });
    return { sessions, sessionLogs, policies, databaseCa };
  }

  private addNetwork(settings: Settings, encryption: Encryption): Network {
    const { egress, s3PrefixListId, multiAz } = settings;
    const existing = existingNetworkOf(settings);
    if (existing !== undefined) return new ExistingNetwork(this, 'Network', existing);
    if (egress === 'existing') throw new Error('Nothing says which network exists.');
    return new OwnNetwork(this, 'Network', {
      egress,
      s3PrefixListId,
      multiAz,
      ...(settings.flowLogs ? { flowLogGroup: encryption.logGroup(this, 'FlowLogs') } : {}),
    });
  }

  private addDatabase(settings: Settings, network: Network, encryption: Encryption): Database {
    const existing = existingDatabaseOf(settings);
    return existing === undefined
      ? new OwnDatabase(this, 'Database', { ...settings, network, encryption })
      : new ExistingDatabase(this, 'Database', existing);
  }

  private addBoxes(
    settings: Settings,
    network: Network,
    bucket: BackupBucket,
    database: Database,
    program: BoxProgram,
  ): Jumpbox[] {
    const common = {
      network,
      name: settings.name,
      instanceType: settings.boxTypes[0],
      volumeGiB: settings.boxVolumeGiB,
      maxTtlMinutes: settings.maxTtlMinutes,
    };
    const access = new Jumpbox(this, 'AccessBox', { ...common, purpose: 'access' });
    const installation = toolsFor(settings, program);
    const backup = new Jumpbox(this, 'BackupBox', { ...common, purpose: 'backup', installation });
    const restore = new Jumpbox(this, 'RestoreBox', { ...common, purpose: 'restore', installation });
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

  private addIntake(props: IntakeProps): readonly IntakeSource[] {
    return props.intakeSources.length === 0 ? [] : new Intake(this, 'Intake', props).sources;
  }

  private addTrail(
    { cloudTrailDataEvents, onDestroy }: Settings,
    encryption: Encryption,
    { bucket: watched }: BackupBucket,
  ): DataTrail | undefined {
    if (!cloudTrailDataEvents) return undefined;
    return new DataTrail(this, 'DataTrail', { encryption, watched, onDestroy });
  }

  private addTestEvents(
    { consoleTestEvents: registry }: Settings,
    functions: LifecycleFunctions,
    boxes: readonly Jumpbox[],
  ): void {
    if (registry === 'none') return;
    const purposes = boxes.map(({ purpose }) => purpose);
    new TestEvents(this, 'TestEvents', { registry, functions, purposes });
  }

  private addNightly({ schedule, timeZone }: Settings, workflow: Workflow): BackupSchedule[] {
    if (schedule === 'none') return [];
    return [new BackupSchedule(this, 'BackupSchedule', { schedule, timeZone, workflow })];
  }

  private addJumpHost(settings: Settings, network: Network, database: Database): JumpHost | undefined {
    if (settings.jumpHost === 'none') return undefined;
    const jumpHost = new JumpHost(this, 'JumpHost', {
      network,
      name: settings.name,
      instanceType: settings.boxTypes[0],
      mode: settings.jumpHost,
      idleMinutes: settings.jumpHostIdleMinutes,
    });
    if (settings.jumpHost === 'on-demand') network.allowLeaving();
    database.allowFrom(jumpHost, 'jump host');
    return jumpHost;
  }
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
