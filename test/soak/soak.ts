import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTagsCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { formatInstant, TAGS } from '../../contract/tags';
import { Cloud } from '../../lab/demo/cloud';
import { fillDatabase } from '../../lab/demo/database';
import type { Outputs } from '../../lab/demo/outputs';
import { Stack } from '../../lab/demo/stack';
import { hostPostgres } from '../../lab/parts';
import { type Cluster, startCluster } from '../../lab/rds/cluster';
import { type RunningLab, startLab } from '../../lab/start';
import { stopSchedules } from '../support/schedules';
import { oneOf, randomOf } from './random';
import { Restorer } from './restore';
import { cutLine, freezeEmulator, killOne, type Victim, VICTIMS } from './victims';

/** A run takes about so long in the lab; it is disturbed at any moment of it. */
const RUN_MS = 14_000;
const LONGEST_FREEZE_MS = 4_000;
/** Everything that waits gives up after so long: a run that never ends is a finding. */
const PATIENCE_MS = 240_000;

/** How one run ended. */
export interface SoakRun {
  readonly number: number;
  readonly victim: Victim;
  readonly afterMs: number;
  /** What the blow hit. */
  readonly hit: string;
  /** State of the execution. */
  readonly status: string;
  /** Backups that were listed and restored in this round. */
  readonly restored: number;
  /** What broke a promise; none when all held. */
  readonly broken: readonly string[];
}

/** The deployed app in a lab of its own, and what disturbs it. */
export class Soak {
  private readonly clients = {
    ec2: new EC2Client(),
    s3: new S3Client({ forcePathStyle: true }),
    sfn: new SFNClient(),
  };
  private readonly cloud = new Cloud();
  private readonly seen = new Set<string>();

  private constructor(
    private readonly lab: RunningLab,
    private readonly outputs: Outputs,
    private readonly cluster: Cluster,
    private readonly directory: string,
    private readonly seed: number,
  ) {}

  /** Deploys, fills the database, and lets nothing happen by itself. */
  static async begin(seed: number, orders: number): Promise<Soak> {
    const [postgres] = hostPostgres();
    if (postgres === undefined) throw new Error('No PostgreSQL on this machine');
    const lab = await startLab();
    const directory = mkdtempSync(join(tmpdir(), 'drawbridge-soak-'));
    // The server runs as another user.
    chmodSync(directory, 0o755);
    try {
      Object.assign(process.env, lab.environment);
      const stack = new Stack(lab, postgres);
      await stack.bootstrap(() => undefined);
      const outputs = await stack.deploy(() => undefined);
      await stopSchedules();
      await fillDatabase(new Cloud(), lab, postgres, outputs, orders);
      // A minute between looks passes in less than a second.
      await fetch(`${lab.endpoint}/lab/time`, { method: 'PUT', body: JSON.stringify({ factor: 100 }) });
      const cluster = await startCluster({ directory: join(directory, 'cluster') });
      return new Soak(lab, outputs, cluster, directory, seed);
    } catch (error) {
      await lab.stop();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** One run, one blow at a moment that the seed chooses, and then a look at every promise. */
  async run(number: number): Promise<SoakRun> {
    const random = randomOf(this.seed * 1_000_003 + number);
    const victim = oneOf(random, VICTIMS);
    const afterMs = Math.round(random() * RUN_MS);
    const { executionArn = '' } = await this.clients.sfn.send(
      new StartExecutionCommand({ stateMachineArn: this.outputs.RunStateMachineArn, input: '{}' }),
    );
    await sleep(afterMs);
    const hit = await this.strike(victim, executionArn, random);
    const status = await this.ended(executionArn);
    const broken = [...(await this.boxesThatStay()), ...(await this.uploadsThatStay())];
    const { restored, problems } = await this.restoreNew();
    return { number, victim, afterMs, hit, status, restored, broken: [...broken, ...problems] };
  }

  async end(): Promise<void> {
    for (const client of Object.values(this.clients)) client.destroy();
    await this.cluster.stop('immediate');
    await this.lab.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async strike(victim: Victim, executionArn: string, random: () => number): Promise<string> {
    const { sfn, ec2 } = this.clients;
    switch (victim) {
      case 'program':
      case 'function':
        return killOne(this.lab.id, victim, random);
      case 'workflow':
        await sfn.send(new StopExecutionCommand({ executionArn, cause: 'the soak stops it' }));
        return 'stopped';
      case 'box': {
        const [instance] = await this.cloud.liveInstances();
        if (instance === undefined) return 'no box was there';
        await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instance] }));
        return `terminated ${instance}`;
      }
      case 'emulator':
        return freezeEmulator(this.lab.id, Math.round(random() * LONGEST_FREEZE_MS));
      case 'line':
        return cutLine(this.lab.endpoint, 100 + Math.round(random() * LONGEST_FREEZE_MS));
    }
  }

  /** Waits until nothing of the run works any more, executions of single databases included. */
  private async ended(executionArn: string): Promise<string> {
    const { sfn } = this.clients;
    await this.until('executions end', async () => {
      for (const stateMachineArn of [this.outputs.RunStateMachineArn, this.outputs.BackupStateMachineArn]) {
        const listed = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' });
        if (((await sfn.send(listed)).executions ?? []).length > 0) return false;
      }
      return true;
    });
    return (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status ?? 'unknown';
  }

  /**
   * Boxes that no run ended would stay until their expiry. That is brought forward; then one sweep must end them.
   */
  private async boxesThatStay(): Promise<string[]> {
    // A rule that ends the box of a stopped run may be at it.
    const isQuiet = async (): Promise<boolean> => (await this.cloud.liveInstances()).length === 0;
    for (let look = 0; look < 20 && !(await isQuiet()); look += 1) await sleep(250);
    const left = await this.cloud.liveInstances();
    if (left.length > 0) {
      const past = formatInstant(new Date(Date.now() - 1_000));
      await this.clients.ec2.send(
        new CreateTagsCommand({ Resources: left, Tags: [{ Key: TAGS.expiresAt, Value: past }] }),
      );
    }
    await this.cloud.invoke(this.outputs.SweepFunctionName, {});
    // The sweep has told EC2 to end them, which takes its time; a box that was only now launched has not expired.
    const stillLive = async (): Promise<string[]> =>
      (await this.cloud.liveInstances()).filter((id) => left.includes(id));
    for (let look = 0; look < 120 && (await stillLive()).length > 0; look += 1) await sleep(250);
    return (await stillLive()).map((id) => `${id} lives past its expiry and a sweep`);
  }

  private async uploadsThatStay(): Promise<string[]> {
    await this.cloud.invoke(this.outputs.SweepFunctionName, {});
    const { Uploads = [] } = await this.clients.s3.send(
      new ListMultipartUploadsCommand({ Bucket: this.outputs.BackupBucketName }),
    );
    return Uploads.map(({ Key = '' }) => `the upload of ${Key} is open after a sweep`);
  }

  private async restoreNew(): Promise<{ restored: number; problems: string[] }> {
    const bucket = this.outputs.BackupBucketName;
    const { Contents = [] } = await this.clients.s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: 'backups/' }),
    );
    const listed = Contents.flatMap(({ Key = '' }) =>
      Key.endsWith('/manifest.json') && !this.seen.has(Key) ? [Key] : [],
    );
    const restorer = new Restorer(this.clients.s3, bucket, this.cluster);
    const problems: string[] = [];
    for (const key of listed) {
      this.seen.add(key);
      const prefix = key.slice(0, -'manifest.json'.length);
      problems.push(...(await restorer.problemsOf(prefix)).map((problem) => `${prefix}: ${problem}`));
    }
    return { restored: listed.length, problems };
  }

  private async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`It took more than ${PATIENCE_MS / 1000} s until ${what}.`);
      await sleep(200);
    }
  }
}
