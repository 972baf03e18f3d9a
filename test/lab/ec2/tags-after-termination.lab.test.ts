import { DescribeTagsCommand, EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { TAGS_LAST_SECONDS } from '../../../lab/ec2/tags-after-termination';
import { timeOf } from '../../../lab/time';
import { until } from '../../support/until';
import { startComputeLab, type ComputeLab } from '../compute-lab';
import { inState, launch, makeRole } from '../fixtures';

let lab: ComputeLab;
let ec2: EC2Client;

beforeAll(async () => {
  lab = await startComputeLab();
  ec2 = new EC2Client(lab.access);
  await makeRole(lab, 'box');
});

afterAll(async () => {
  ec2.destroy();
  await lab.stop();
});

const tagged = async (): Promise<string[]> => {
  const { Tags = [] } = await ec2.send(
    new DescribeTagsCommand({ Filters: [{ Name: 'key', Values: ['mark'] }] }),
  );
  return Tags.map(({ ResourceType = '' }) => ResourceType).sort();
};

const launched = (): Promise<string> =>
  launch(ec2, 'box', '#!/bin/bash\n', {
    TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({
      ResourceType,
      Tags: [{ Key: 'mark', Value: 'here' }],
    })),
  });

const terminated = async (id: string): Promise<void> => {
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await inState(ec2, id, 'terminated');
};

test('tags of disks and interfaces go with a box, its own after an hour', async () => {
  const id = await launched();
  expect(await tagged()).toEqual(['instance', 'network-interface', 'volume']);
  await terminated(id);
  await until(async () => (await tagged()).length === 1);
  expect(await tagged()).toEqual(['instance']);

  timeOf(lab.context).pass(10 * TAGS_LAST_SECONDS);
  await terminated(await launched());
  await until(async () => (await tagged()).length === 1);
}, 60_000);
