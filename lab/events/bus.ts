import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { onePerLab } from '../one-per-lab';
import { AwsFault } from '../endpoint/fault';
import { fits, type Pattern, readPattern, transform } from './pattern';

const target = z.strictObject({
  Id: z.string(),
  Arn: z
    .string()
    .regex(/^arn:aws:(lambda|sns):/, "the lab's rules call Lambda functions and SNS topics only"),
  Input: z.string().optional(),
  InputTransformer: z
    .strictObject({
      InputPathsMap: z.record(z.string(), z.string()).optional(),
      InputTemplate: z.string(),
    })
    .optional(),
  RetryPolicy: z.unknown().optional(),
});
type Target = z.output<typeof target>;

interface Rule {
  pattern: Pattern;
  enabled: boolean;
  readonly targets: Map<string, Target>;
}

/** An event as a service of AWS sends it, before the bus adds its own fields. */
export interface ServiceEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The default event bus: rules and their targets. */
export class Bus {
  private readonly rules = new Map<string, Rule>();

  constructor(private readonly context: LabContext) {}

  /** @throws AwsFault when the lab would not match or call as AWS does */
  put(region: string, name: string, input: Readonly<Record<string, unknown>>): void {
    if (typeof input.EventPattern !== 'string')
      throw new AwsFault(
        'ValidationException',
        "The lab's rules have an event pattern; schedules are Scheduler's.",
      );
    const key = `${region}/${name}`;
    const targets = this.rules.get(key)?.targets ?? new Map<string, Target>();
    this.rules.set(key, {
      pattern: readPattern(input.EventPattern),
      enabled: input.State !== 'DISABLED',
      targets,
    });
  }

  putTargets(region: string, name: string, given: unknown): void {
    const parsed = z.array(target).safeParse(given);
    if (!parsed.success) throw new AwsFault('ValidationException', z.prettifyError(parsed.error));
    for (const one of parsed.data) this.rule(region, name).targets.set(one.Id, one);
  }

  removeTargets(region: string, name: string, ids: readonly string[]): void {
    for (const id of ids) this.rules.get(`${region}/${name}`)?.targets.delete(id);
  }

  delete(region: string, name: string): void {
    this.rules.delete(`${region}/${name}`);
  }

  /** Takes an event and calls the targets of every rule that it fits. */
  emit(region: string, event: ServiceEvent): void {
    const whole = {
      version: '0',
      id: randomUUID(),
      account: this.context.account,
      time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      region,
      ...event,
    };
    for (const { enabled, pattern, targets } of this.rules.values()) {
      if (!enabled || !fits(pattern, whole)) continue;
      for (const one of targets.values()) {
        this.call(region, one, whole).catch((error: unknown) => {
          this.context.log(`events: ${one.Arn} could not be called: ${String(error)}`);
        });
      }
    }
  }

  private rule(region: string, name: string): Rule {
    const found = this.rules.get(`${region}/${name}`);
    if (found === undefined)
      throw new AwsFault('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
    return found;
  }

  private async call(region: string, one: Target, event: object): Promise<void> {
    const { Input, InputTransformer } = one;
    const input =
      InputTransformer === undefined ? (Input ?? JSON.stringify(event)) : transform(InputTransformer, event);
    const access = { ...emulatorAccess(this.context, region), endpoint: this.context.endpoint };
    if (one.Arn.startsWith('arn:aws:sns:')) {
      const sns = new SNSClient(access);
      await sns.send(new PublishCommand({ TopicArn: one.Arn, Message: input })).finally(() => {
        sns.destroy();
      });
      return;
    }
    const lambda = new LambdaClient(access);
    const call = new InvokeCommand({ FunctionName: one.Arn, InvocationType: 'Event', Payload: input });
    await lambda.send(call).finally(() => {
      lambda.destroy();
    });
  }
}

/** The default event bus of a lab. */
export const busOf = onePerLab((context) => new Bus(context));
