import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AccessPolicies, type AccessPoliciesProps } from './access-policies';
import { accessTargets, allowTargets } from './access-targets';
import { BackupBucket } from './backup-bucket';
import { BackupSchedule } from './backup-schedule';
import { BoxProgram } from './box-program';
import { addBoxes } from './boxes';
import { existingDatabaseOf, existingNetworkOf } from './config/existing';
import type { Settings } from './config/schema';
import type { Database } from './database';
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
import type { Jumpbox } from './jumpbox';
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
import { Workflow } from './workflow';

/** Properties of {@link DrawbridgeStack}. */
export interface DrawbridgeStackProps extends StackProps {
  readonly settings: Settings;
}

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
    const boxes = addBoxes(this, { settings, network, bucket, database, program });
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
