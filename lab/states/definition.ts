import jsonata from 'jsonata';
import { z } from 'zod';
import { AwsFault } from '../endpoint/fault';
import { expressionOf } from './expressions';
import { RESOURCES } from './resources';

/** Any JSON in which texts `{% … %}` are JSONata. */
const template = z.unknown();
const assign = z.record(z.string(), template);
const number = z.union([z.number(), z.string()]);

const retrier = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  IntervalSeconds: z.int().min(1).default(1),
  BackoffRate: z.number().min(1).default(2),
  MaxAttempts: z.int().min(0).default(3),
  MaxDelaySeconds: z.int().min(1).optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).optional(),
});
const catcher = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  Next: z.string(),
  Assign: assign.optional(),
  Output: template.optional(),
});

const next = { Next: z.string().optional(), End: z.literal(true).optional() };
const common = { Comment: z.string().optional(), Assign: assign.optional(), Output: template.optional() };
const guarded = { Retry: z.array(retrier).default([]), Catch: z.array(catcher).default([]) };

const pass = z.strictObject({ Type: z.literal('Pass'), ...common, ...next });
const wait = z.strictObject({ Type: z.literal('Wait'), Seconds: number, ...common, ...next });
const succeed = z.strictObject({
  Type: z.literal('Succeed'),
  Comment: z.string().optional(),
  Output: template.optional(),
});
const fail = z.strictObject({
  Type: z.literal('Fail'),
  Comment: z.string().optional(),
  Error: z.string().optional(),
  Cause: z.string().optional(),
});
const choice = z.strictObject({
  Type: z.literal('Choice'),
  ...common,
  Default: z.string().optional(),
  Choices: z
    .array(
      z.strictObject({
        Condition: z.union([z.string(), z.boolean()]),
        Next: z.string(),
        Assign: assign.optional(),
        Output: template.optional(),
      }),
    )
    .min(1),
});
const task = z.strictObject({
  Type: z.literal('Task'),
  Resource: z.string(),
  Arguments: template.optional(),
  TimeoutSeconds: number.optional(),
  ...common,
  ...next,
  ...guarded,
});
const map = z.strictObject({
  Type: z.literal('Map'),
  Items: template.optional(),
  ItemSelector: template.optional(),
  MaxConcurrency: z.int().min(0).default(0),
  ItemProcessor: z.lazy((): z.ZodType<Flow> => processor),
  ...common,
  ...next,
  ...guarded,
});
const state: z.ZodType<State> = z.discriminatedUnion('Type', [pass, wait, succeed, fail, choice, task, map]);

const processor = z.strictObject({
  ProcessorConfig: z.strictObject({ Mode: z.literal('INLINE') }).optional(),
  StartAt: z.string(),
  States: z.record(z.string(), state),
});

const machine = z.strictObject({
  Comment: z.string().optional(),
  QueryLanguage: z.literal('JSONata', 'the lab knows JSONata only'),
  Version: z.literal('1.0').optional(),
  TimeoutSeconds: z.int().min(1).optional(),
  StartAt: z.string(),
  States: z.record(z.string(), state),
});

/** A state of a machine. */
export type State =
  | z.output<typeof pass>
  | z.output<typeof wait>
  | z.output<typeof succeed>
  | z.output<typeof fail>
  | z.output<typeof choice>
  | GuardedState;
/** Task or Map: what may be tried again and whose errors may be caught. */
export type GuardedState = z.output<typeof task> | z.output<typeof map>;
/** States that are run together. */
export interface Flow {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}
/** A whole state machine. */
export type Definition = z.output<typeof machine>;

function* texts(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* texts(inner);
}

const targetsOf = (one: State): string[] => [
  ...('Next' in one && one.Next !== undefined ? [one.Next] : []),
  ...('Catch' in one ? one.Catch.map(({ Next }) => Next) : []),
  ...(one.Type === 'Choice' ? [...one.Choices.map(({ Next }) => Next), one.Default ?? []].flat() : []),
];

function problemsOf(flow: Flow, at: string): string[] {
  const exists = (name: string): boolean => flow.States[name] !== undefined;
  const start = exists(flow.StartAt) ? [] : [`${at}: there is no state ${flow.StartAt}`];
  return Object.entries(flow.States).reduce((problems, [name, one]) => {
    const here = `${at}/${name}`;
    for (const target of targetsOf(one))
      if (!exists(target)) problems.push(`${here}: there is no state ${target}`);
    if (['Pass', 'Wait', 'Task', 'Map'].includes(one.Type) && !('Next' in one || 'End' in one))
      problems.push(`${here}: neither Next nor End`);
    if (one.Type === 'Task' && RESOURCES.find((resource) => resource.matches(one.Resource)) === undefined)
      problems.push(`${here}: the lab cannot call ${one.Resource}`);
    if (one.Type === 'Map') problems.push(...problemsOf(one.ItemProcessor, here));
    return problems;
  }, start);
}

/**
 * Reads a definition of the Amazon States Language, as far as the lab runs it: JSONata, no Parallel, no distributed Map.
 *
 * @throws AwsFault `InvalidDefinition` for anything that it would not run as AWS does
 */
export function readDefinition(text: string): Definition {
  const refuse = (why: string): never => {
    throw new AwsFault('InvalidDefinition', `Invalid State Machine Definition: ${why}`);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return refuse(String(error));
  }
  const parsed = machine.safeParse(json);
  if (!parsed.success) return refuse(z.prettifyError(parsed.error));
  const problems = problemsOf(parsed.data, 'States');
  for (const one of texts(json)) {
    const expression = expressionOf(one);
    if (expression === undefined) continue;
    try {
      jsonata(expression);
    } catch (error) {
      problems.push(`${one}: ${(error as Error).message}`);
    }
  }
  return problems.length === 0 ? parsed.data : refuse(problems.join('; '));
}
