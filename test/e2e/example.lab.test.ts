/** The example app, as somebody deploys it into a VPC of their own: opened with `{}`, ended by destroy and by the drain. */
import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cloud } from '../../lab/demo/cloud';
import { cdk } from '../../lab/demo/cdk';
import { ACCOUNT, REGION } from '../../lab/environment';
import { labProcesses } from '../../lab/processes';
import { type RunningLab, startLab } from '../../lab/start';
import { stopSchedules } from '../support/schedules';

const EXAMPLE = join(__dirname, '..', '..', 'examples', 'ephemeral-jumpbox');
const silent = (): void => undefined;

let lab: RunningLab;
let ec2: EC2Client;
let cloud: Cloud;

/** A VPC of somebody else's, with the security group of a database. */
async function someNetwork() {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  const VpcId = Vpc?.VpcId ?? '';
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.9.0.0/24' }));
  const { GroupId = '' } = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId, GroupName: 'orders', Description: 'database' }),
  );
  return { vpcId: VpcId, subnetIds: Subnet?.SubnetId ?? '', databaseSecurityGroupId: GroupId };
}

async function groupsOf(vpcId: string) {
  const { SecurityGroups = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpcId] }] }),
  );
  return SecurityGroups;
}

beforeAll(async () => {
  lab = await startLab();
  Object.assign(process.env, lab.environment);
  [ec2, cloud] = [new EC2Client(), new Cloud()];
  await cdk(['bootstrap', `aws://${ACCOUNT}/${REGION}`], lab, silent, lab.directory);
}, 600_000);

afterAll(async () => {
  ec2.destroy();
  await lab.stop();
  expect(labProcesses().filter((process) => process.lab === lab.id)).toEqual([]);
}, 60_000);

test('is deployed, opens boxes, and leaves nothing in the VPC it stood in', async () => {
  const network = await someNetwork();
  const words = Object.entries({ ...network, databaseHost: 'db.example.internal' }).flatMap(
    ([key, value]) => ['-c', `${key}=${value}`],
  );
  const outputsFile = join(lab.directory, 'example.json');
  const output = ['--output', join(lab.directory, 'example.out')];
  const deploy = ['deploy', '--require-approval', 'never', '--outputs-file', outputsFile];
  await cdk([...deploy, ...output, ...words], lab, silent, EXAMPLE);
  expect(await stopSchedules()).toHaveLength(1);
  const { 'orders-jumpbox': outputs } = JSON.parse(readFileSync(outputsFile, 'utf8')) as {
    'orders-jumpbox': { CreateFunctionName: string; DestroyFunctionName: string };
  };

  const answer = await cloud.invoke(outputs.CreateFunctionName, {});
  const box = String(answer.instanceId);
  expect(answer).toMatchObject({ purpose: 'access', existing: false });
  expect(JSON.stringify(answer.connect)).toContain('host=db.example.internal,portNumber=5432');
  await cloud.waitOnline(box, silent);
  expect(await cloud.invoke(outputs.DestroyFunctionName, { instanceId: box })).toEqual({ terminated: [box] });
  expect(await cloud.stateOf(box)).toBe('terminated');

  const left = String((await cloud.invoke(outputs.CreateFunctionName, {})).instanceId);
  await cloud.waitOnline(left, silent);
  await cdk(['destroy', '--force', ...output, ...words], lab, silent, EXAMPLE);
  expect(await cloud.stateOf(left)).toBe('terminated');
  const groups = await groupsOf(network.vpcId);
  expect(groups.map(({ GroupName }) => GroupName).sort()).toEqual(['default', 'orders']);
  for (const { GroupName, IpPermissions } of groups)
    if (GroupName === 'orders') expect(IpPermissions).toEqual([]);
}, 900_000);
