import { listOf, structuresOf, withInput } from '../endpoint/call';
import type { AwsCall, AwsReply, Forward } from '../endpoint/extension';
import { ec2Reply } from '../endpoint/reply';
import type { Boxes } from './boxes';
import { itemsOf, readAnswer, textOf, writeAnswer, type Element } from './reservations';

/** Codes of instance states: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
const CODES: Readonly<Record<string, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

const stateOf = (instance: Element): string => {
  const state = instance.instanceState;
  return typeof state === 'object' && state !== null ? textOf(state as Element, 'name') : '';
};

/** Adds to one instance what the emulator does not know: states on the way, and why it ended. */
function annotate(boxes: Boxes, instance: Element): void {
  const note = boxes.notes.get(textOf(instance, 'instanceId'));
  if (note?.transition !== undefined) {
    instance.instanceState = { code: String(CODES[note.transition]), name: note.transition };
  }
  if (note?.reason === undefined) return;
  instance.stateReason = { ...note.reason };
  instance.reason = '';
}

interface Filters {
  readonly states: readonly string[] | undefined;
  readonly others: Readonly<Record<string, unknown>>;
}

/** Takes filters on the state out of a call: the emulator would judge them by the states it knows. */
function takeStateFilters(call: AwsCall): Filters {
  const filters = structuresOf(call.input, 'Filter');
  const byState = filters.filter(
    ({ Name }) => Name === 'instance-state-name' || Name === 'instance-state-code',
  );
  if (byState.length === 0) return { states: undefined, others: call.input };
  const allowed = byState.map((filter) => listOf(filter, 'Value'));
  const names = Object.entries(CODES)
    .filter(([name, code]) =>
      allowed.every((values) => values.includes(name) || values.includes(String(code))),
    )
    .map(([name]) => name);
  const rest = Object.entries(call.input).filter(([key]) => !key.startsWith('Filter.'));
  const kept = filters.filter((filter) => !byState.includes(filter));
  const written = kept.flatMap((filter, index) =>
    Object.entries(filter).map(([key, value]) => [`Filter.${index + 1}.${key}`, value] as const),
  );
  return { states: names, others: Object.fromEntries([...rest, ...written]) };
}

/** DescribeInstances with the states of boxes that are on their way down. */
export async function describeInstances(boxes: Boxes, call: AwsCall, forward: Forward): Promise<AwsReply> {
  if (boxes.notes.size === 0) return forward(call);
  const { states, others } = takeStateFilters(call);
  const reply = await forward(withInput(call, others));
  if (reply.status !== 200) return reply;
  const { name, content } = readAnswer(reply);
  const reservations = itemsOf(content, 'reservationSet').flatMap((reservation) => {
    const instances = itemsOf(reservation, 'instancesSet');
    for (const instance of instances) annotate(boxes, instance);
    const wanted = instances.filter((instance) => states?.includes(stateOf(instance)) ?? true);
    return wanted.length === 0 ? [] : [{ ...reservation, instancesSet: { item: wanted } }];
  });
  return writeAnswer(reply, name, { ...content, reservationSet: { item: reservations } });
}

/** One instance's reservation as it stands now, written as the answer of RunInstances. */
export async function reservationOf(
  boxes: Boxes,
  call: AwsCall,
  forward: Forward,
  instanceId: string,
): Promise<AwsReply> {
  const { Version } = call.input;
  const input = { Action: 'DescribeInstances', Version, 'InstanceId.1': instanceId };
  const describe = { ...withInput(call, input), operation: 'DescribeInstances' };
  const reply = await describeInstances(boxes, describe, forward);
  if (reply.status !== 200) return reply;
  const { content } = readAnswer(reply);
  return writeAnswer(reply, 'RunInstancesResponse', itemsOf(content, 'reservationSet')[0] ?? {});
}

/** Which way an instance is sent. */
export type Direction = 'terminate' | 'stop';

const isYes = (value: unknown): boolean => value === 'true' || value === true;

/**
 * TerminateInstances and StopInstances: the answer comes at once with `shutting-down` or `stopping`, and the end of the
 * box follows. An instance that is no box is the emulator's alone.
 */
export async function endInstances(
  boxes: Boxes,
  call: AwsCall,
  forward: Forward,
  direction: Direction,
  failed: (error: unknown) => void,
): Promise<AwsReply> {
  const ids = listOf(call.input, 'InstanceId');
  if (isYes(call.input.DryRun) || !ids.every((id) => boxes.get(id) !== undefined)) return forward(call);
  const { Version } = call.input;
  const named = Object.fromEntries(ids.map((id, index) => [`InstanceId.${index + 1}`, id]));
  const describe = {
    ...withInput(call, { Action: 'DescribeInstances', Version, ...named }),
    operation: 'DescribeInstances',
  };
  const described = await describeInstances(boxes, describe, forward);
  if (described.status !== 200) return described;
  const instances = itemsOf(readAnswer(described).content, 'reservationSet').flatMap((one) =>
    itemsOf(one, 'instancesSet'),
  );
  const hard = isYes(call.input.SkipOsShutdown) || isYes(call.input.Force);
  const changes = instances.map((instance) => {
    const instanceId = textOf(instance, 'instanceId');
    const before = stateOf(instance);
    const isOver = before === 'terminated' || (direction === 'stop' && before === 'stopped');
    const transition = direction === 'terminate' ? 'shutting-down' : 'stopping';
    const after = isOver ? before : transition;
    if (!isOver) boxes[direction](instanceId, hard).catch(failed);
    return {
      instanceId,
      currentState: { code: CODES[after], name: after },
      previousState: { code: CODES[before], name: before },
    };
  });
  return ec2Reply(call, { instancesSet: changes });
}
