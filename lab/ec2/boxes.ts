import { EC2Client, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { onePerLab } from '../one-per-lab';
import { buildProgram } from '../program';
import { timeOf } from '../time';
import { Box, type BoxOptions } from './box';
import type { PowerAction } from './power';
import { removeTags, TAGS_LAST_SECONDS } from './tags-after-termination';

/** What EC2 says of an instance besides what the emulator knows. */
export interface StateNote {
  /** A state on the way to another, while the box's processes end. */
  transition?: 'shutting-down' | 'stopping';
  /** Why the instance ended, where it was not a user's call. */
  reason?: { readonly code: string; readonly message: string };
}

const SELF: Required<StateNote>['reason'] = {
  code: 'Client.InstanceInitiatedShutdown',
  message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
};

/** How an instance is launched. */
export interface Launch extends Omit<BoxOptions, 'standIn' | 'poweredOff'> {
  /** What powering off from inside means. */
  readonly shutdownBehavior: 'stop' | 'terminate';
}

/** Every box of one lab, and the way of each from launch to termination. */
export class Boxes {
  readonly notes = new Map<string, StateNote>();
  private readonly boxes = new Map<string, { readonly box: Box; readonly launch: Launch }>();
  private readonly endings = new Map<string, Promise<void>>();
  private readonly closing = new AbortController();
  private standIn: string | undefined;

  constructor(private readonly context: LabContext) {}

  get(instanceId: string): Box | undefined {
    return this.boxes.get(instanceId)?.box;
  }

  all(): Box[] {
    return [...this.boxes.values()].map(({ box }) => box);
  }

  async launch(launch: Launch): Promise<void> {
    const { instanceId } = launch;
    const box = new Box(this.context, {
      ...launch,
      standIn: this.standInProgram(),
      poweredOff: (action) => {
        this.context.log(`${instanceId}: power: ${action}`);
        this.poweredOff(instanceId, action).catch((error: unknown) => {
          this.context.log(`${instanceId}: power ${action} failed in the lab: ${String(error)}`);
        });
      },
    });
    this.boxes.set(instanceId, { box, launch });
    await box.start();
  }

  /** Ends a box and its instance. Asking twice is the same as asking once. */
  terminate(instanceId: string, hard: boolean, reason?: StateNote['reason']): Promise<void> {
    return this.leave(instanceId, 'shutting-down', reason, async (box, ec2) => {
      await box.end(hard);
      const parts = await box.records.parts();
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [instanceId] }));
      box.remove();
      await removeTags(ec2, parts);
      void this.forget(instanceId, box.options.region);
    });
  }

  /** Powers a box off and keeps its disk. */
  stop(instanceId: string, hard: boolean, reason?: StateNote['reason']): Promise<void> {
    return this.leave(instanceId, 'stopping', reason, async (box, ec2) => {
      await box.end(hard);
      await ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
    });
  }

  /** Powers the box of a stopped instance on. */
  async start(instanceId: string): Promise<void> {
    const found = this.boxes.get(instanceId);
    if (found === undefined) return;
    this.notes.delete(instanceId);
    await found.box.start();
  }

  /** Ends every box, for the end of the lab. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all(this.all().map((box) => box.end(true)));
    for (const box of this.all()) box.records.close();
  }

  private async poweredOff(instanceId: string, action: PowerAction): Promise<void> {
    const found = this.boxes.get(instanceId);
    if (found === undefined) return;
    if (action === 'reboot') {
      await found.box.end(false);
      await found.box.start();
    } else if (action === 'halt') {
      // Halting stops the operating system, not the instance:
      // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingInstanceInitiatedShutdownBehavior.html
      await found.box.end(false);
    } else if (found.launch.shutdownBehavior === 'terminate') {
      await this.terminate(instanceId, false, SELF);
    } else {
      await this.stop(instanceId, false, SELF);
    }
  }

  /** Lets the tags of a terminated instance go when their time is up. */
  private async forget(instanceId: string, region: string): Promise<void> {
    try {
      await timeOf(this.context).wait(TAGS_LAST_SECONDS, this.closing.signal);
      await this.ec2(region, (ec2) => removeTags(ec2, [instanceId]));
    } catch (error) {
      if (!this.closing.signal.aborted)
        this.context.log(`${instanceId}: its tags stay in the lab: ${String(error)}`);
    }
  }

  private leave(
    instanceId: string,
    transition: NonNullable<StateNote['transition']>,
    reason: StateNote['reason'],
    act: (box: Box, ec2: EC2Client) => Promise<void>,
  ): Promise<void> {
    const found = this.boxes.get(instanceId);
    if (found === undefined) return Promise.resolve();
    const under = this.endings.get(instanceId);
    // A terminate that arrives while the box stops waits for the stop, then goes on.
    if (under !== undefined) {
      return this.notes.get(instanceId)?.transition === transition
        ? under
        : under.then(() => this.leave(instanceId, transition, reason, act));
    }
    const note: StateNote = { transition, ...(reason === undefined ? {} : { reason }) };
    this.notes.set(instanceId, note);
    const ending = this.ec2(found.launch.region, (ec2) => act(found.box, ec2)).finally(() => {
      delete note.transition;
      if (note.reason === undefined) this.notes.delete(instanceId);
      this.endings.delete(instanceId);
    });
    this.endings.set(instanceId, ending);
    return ending;
  }

  private async ec2<T>(region: string, use: (ec2: EC2Client) => Promise<T>): Promise<T> {
    const ec2 = new EC2Client(emulatorAccess(this.context, region));
    try {
      return await use(ec2);
    } finally {
      ec2.destroy();
    }
  }

  private standInProgram(): string {
    if (this.standIn === undefined) {
      const directory = join(this.context.directory, 'boxes');
      mkdirSync(directory, { recursive: true, mode: 0o711 });
      this.standIn = join(directory, 'stand-in.cjs');
      buildProgram('ec2/stand-in.ts', this.standIn);
    }
    return this.standIn;
  }
}

/** The boxes of a lab: EC2 launches them, Systems Manager works on them. */
export const boxesOf = onePerLab((context) => new Boxes(context));
