import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { emulatorAccess } from '../clients';
import { clockOf, type LabClock } from '../clock';
import type { LabContext } from '../context';
import { onePerLab } from '../one-per-lab';
import { AwsFault } from '../endpoint/fault';
import { InvalidExpression, parseExpression, type NextDue } from './expressions';

/** Members of CreateSchedule and UpdateSchedule that decide what happens when. Dates are epoch seconds. */
const definition = z.object({
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  StartDate: z.number().optional(),
  EndDate: z.number().optional(),
  GroupName: z.string().default('default'),
  Target: z.object({ Arn: z.string(), Input: z.string().optional() }),
});

interface Schedule {
  readonly key: string;
  readonly region: string;
  readonly arn: string;
  readonly target: z.infer<typeof definition>['Target'];
  readonly next: NextDue;
  readonly endsAt: number;
  dueAt: Date | undefined;
}

/** The longest wait of a Node.js timer. */
const LONGEST_MS = 2 ** 31 - 1;

/** EventBridge Scheduler: calls the targets of schedules when they are due, by a clock that a test may put forward. */
export class Schedules {
  private readonly schedules = new Map<string, Schedule>();
  private alarm: NodeJS.Timeout | undefined;
  private readonly clock: LabClock;
  private closed = false;

  constructor(private readonly context: LabContext) {
    this.clock = clockOf(context);
  }

  /** @throws AwsFault `ValidationException` */
  check(region: string, name: string, input: Readonly<Record<string, unknown>>): void {
    this.read(region, name, input);
  }

  /** Takes a schedule up, or in its new form. */
  set(region: string, name: string, input: Readonly<Record<string, unknown>>): void {
    const schedule = this.read(region, name, input);
    if (schedule === undefined) this.schedules.delete(keyOf(region, input.GroupName, name));
    else this.schedules.set(schedule.key, schedule);
    this.wait();
  }

  delete(region: string, group: unknown, name: string): void {
    this.schedules.delete(keyOf(region, group, name));
    this.wait();
  }

  deleteGroup(region: string, group: string): void {
    for (const key of this.schedules.keys()) {
      if (key.startsWith(keyOf(region, group, ''))) this.schedules.delete(key);
    }
    this.wait();
  }

  /**
   * Puts this clock forward: what becomes due on the way is called, one after the other.
   *
   * @param seconds - how far
   */
  async advance(seconds: number): Promise<void> {
    const end = this.now().getTime() + seconds * 1000;
    for (;;) {
      const first = this.first();
      if (first?.dueAt === undefined || first.dueAt.getTime() > end) break;
      this.clock.reach(first.dueAt.getTime());
      await this.fire(first);
    }
    this.clock.reach(end);
    this.wait();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.alarm);
  }

  private now(): Date {
    return this.clock.now();
  }

  /** Undefined for a schedule that is disabled. */
  private read(region: string, name: string, input: Readonly<Record<string, unknown>>): Schedule | undefined {
    const parsed = definition.safeParse(input);
    if (!parsed.success) throw new AwsFault('ValidationException', parsed.error.message);
    const { ScheduleExpression, ScheduleExpressionTimezone, StartDate, EndDate, Target, GroupName } =
      parsed.data;
    if (!/^arn:aws:(lambda:[^:]+:\d+:function|states:[^:]+:\d+:stateMachine):[^:]+$/.test(Target.Arn)) {
      throw new AwsFault(
        'ValidationException',
        `The lab's scheduler calls Lambda functions and state machines only; the target is ${Target.Arn}.`,
      );
    }
    const start = StartDate === undefined ? this.now() : new Date(StartDate * 1000);
    const next = this.expression(ScheduleExpression, ScheduleExpressionTimezone, start);
    if (parsed.data.State === 'DISABLED') return undefined;
    const endsAt = EndDate === undefined ? Infinity : EndDate * 1000;
    const from = new Date(Math.max(this.now().getTime(), start.getTime()));
    return {
      key: keyOf(region, GroupName, name),
      region,
      arn: `arn:aws:scheduler:${region}:${this.context.account}:schedule/${GroupName}/${name}`,
      target: Target,
      next,
      endsAt,
      dueAt: within(next(from), endsAt),
    };
  }

  private expression(text: string, timeZone: string, start: Date): NextDue {
    try {
      return parseExpression(text, timeZone, start);
    } catch (error) {
      if (error instanceof InvalidExpression) throw new AwsFault('ValidationException', error.message);
      throw error;
    }
  }

  private first(): Schedule | undefined {
    const due = [...this.schedules.values()].filter(({ dueAt }) => dueAt !== undefined);
    return due.sort((one, other) => (one.dueAt?.getTime() ?? 0) - (other.dueAt?.getTime() ?? 0))[0];
  }

  private wait(): void {
    clearTimeout(this.alarm);
    const first = this.first();
    if (first?.dueAt === undefined || this.closed) return;
    const waitMs = Math.min(Math.max(0, first.dueAt.getTime() - this.now().getTime()), LONGEST_MS);
    this.alarm = setTimeout(() => {
      const isDue = first.dueAt !== undefined && first.dueAt <= this.now();
      const fired = isDue && this.schedules.get(first.key) === first ? this.fire(first) : Promise.resolve();
      void fired.finally(() => {
        this.wait();
      });
    }, waitMs);
  }

  /** Calls one target and finds the next instant. A failed call is noted: the function's own retries are Lambda's. */
  private async fire(schedule: Schedule): Promise<void> {
    const dueAt = schedule.dueAt ?? this.now();
    schedule.dueAt = within(schedule.next(dueAt), schedule.endsAt);
    const { Arn, Input = '{}' } = schedule.target;
    const words: Readonly<Record<string, string>> = {
      'aws.scheduler.schedule-arn': schedule.arn,
      'aws.scheduler.scheduled-time': dueAt.toISOString().replace(/\.\d+Z$/, 'Z'),
      'aws.scheduler.execution-id': randomUUID(),
      'aws.scheduler.attempt-number': '1',
    };
    const payload = Input.replace(/<(aws\.scheduler\.[a-z-]+)>/g, (all, word: string) => words[word] ?? all);
    try {
      await this.call(schedule.region, Arn, payload);
      this.context.log(`scheduler: ${schedule.arn} called ${Arn}`);
    } catch (error) {
      this.context.log(`scheduler: ${schedule.arn} could not call ${Arn}: ${String(error)}`);
    }
  }

  private async call(region: string, arn: string, payload: string): Promise<void> {
    const access = { ...emulatorAccess(this.context, region), endpoint: this.context.endpoint };
    if (arn.startsWith('arn:aws:states:')) {
      const sfn = new SFNClient(access);
      await sfn.send(new StartExecutionCommand({ stateMachineArn: arn, input: payload })).finally(() => {
        sfn.destroy();
      });
      return;
    }
    const lambda = new LambdaClient(access);
    const call = new InvokeCommand({ FunctionName: arn, InvocationType: 'Event', Payload: payload });
    await lambda.send(call).finally(() => {
      lambda.destroy();
    });
  }
}

const keyOf = (region: string, group: unknown, name: string): string =>
  `${region}/${typeof group === 'string' ? group : 'default'}/${name}`;

const within = (due: Date | undefined, endsAt: number): Date | undefined =>
  due !== undefined && due.getTime() <= endsAt ? due : undefined;

/** The schedules of a lab. */
export const schedulesOf = onePerLab((context) => new Schedules(context));
