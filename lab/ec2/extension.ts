import { readFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LabContext } from '../context';
import { listOf } from '../endpoint/call';
import type { AwsCall, AwsReply, Extension, Forward } from '../endpoint/extension';
import { ec2Reply } from '../endpoint/reply';
import { withFaults } from '../faults';
import { boxesOf, type Boxes } from './boxes';
import { ClientTokens } from './client-tokens';
import { describeInstances, endInstances, type Direction } from './instance-states';
import { RunInstances } from './run-instances';

/** What the boot of an instance printed, also after its end. */
function consoleOutput(context: LabContext, call: AwsCall): AwsReply {
  const instanceId = String(call.input.InstanceId);
  const boxes = join(context.directory, 'boxes');
  const path = [
    join(boxes, instanceId, 'var/log/cloud-init-output.log'),
    join(boxes, `${instanceId}.log`),
  ].find(existsSync);
  const output = path === undefined ? '' : readFileSync(path).toString('base64');
  return ec2Reply(call, { instanceId, timestamp: new Date(), output });
}

async function startInstances(boxes: Boxes, call: AwsCall, forward: Forward): Promise<AwsReply> {
  const ids = listOf(call.input, 'InstanceId').filter((id) => boxes.get(id) !== undefined);
  const reply = await forward(call);
  if (reply.status === 200) for (const id of ids) await boxes.start(id);
  return reply;
}

/** EC2: instances that are boxes. */
export function ec2Extension(context: LabContext): Extension {
  const boxes = boxesOf(context);
  const launches = new RunInstances(context, boxes, new ClientTokens());
  const end =
    (direction: Direction) =>
    (call: AwsCall, forward: Forward): Promise<AwsReply> =>
      endInstances(boxes, call, forward, direction, (error) => {
        context.log(`ec2: ${direction} failed in the lab: ${String(error)}`);
      });
  return withFaults(context, {
    service: 'ec2',
    operations: {
      RunInstances: (call, forward) => launches.run(call, forward),
      DescribeInstances: (call, forward) => describeInstances(boxes, call, forward),
      TerminateInstances: end('terminate'),
      StopInstances: end('stop'),
      StartInstances: (call, forward) => startInstances(boxes, call, forward),
      GetConsoleOutput: (call) => Promise.resolve(consoleOutput(context, call)),
    },
    stop: () => boxes.close(),
  });
}
