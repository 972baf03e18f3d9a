/** `npm run init` against an account that has a database in a VPC, and the app with what it wrote. */
import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { CreateDBInstanceCommand, CreateDBSubnetGroupCommand, RDSClient } from '@aws-sdk/client-rds';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { context } from '../../cdk.json';
import { REGION } from '../../lab/environment';
import { hostPostgres } from '../../lab/parts';
import { labProcesses } from '../../lab/processes';
import { type RunningLab, startLab } from '../../lab/start';
import { run } from './child';

const PROJECT = join(__dirname, '..', '..');

let lab: RunningLab;

/** A VPC with two subnets behind a NAT gateway and an S3 endpoint, and a database in it. */
async function someAccount() {
  const [postgres] = hostPostgres();
  if (postgres === undefined) throw new Error('No PostgreSQL on this machine');
  const [ec2, rds] = [new EC2Client(), new RDSClient()];
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.9.0.0/16' }));
  const VpcId = Vpc?.VpcId ?? '';
  const { RouteTable } = await ec2.send(new CreateRouteTableCommand({ VpcId }));
  const RouteTableId = RouteTable?.RouteTableId ?? '';
  const subnetIds: string[] = [];
  for (const [index, zone] of ['a', 'b'].entries()) {
    const { Subnet } = await ec2.send(
      new CreateSubnetCommand({
        VpcId,
        CidrBlock: `10.9.${index}.0/24`,
        AvailabilityZone: `${REGION}${zone}`,
      }),
    );
    subnetIds.push(Subnet?.SubnetId ?? '');
    await ec2.send(new AssociateRouteTableCommand({ RouteTableId, SubnetId: subnetIds[index] }));
  }
  const { AllocationId } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
  const { NatGateway } = await ec2.send(
    new CreateNatGatewayCommand({ SubnetId: subnetIds[0], AllocationId }),
  );
  await ec2.send(
    new CreateRouteCommand({
      RouteTableId,
      DestinationCidrBlock: '0.0.0.0/0',
      NatGatewayId: NatGateway?.NatGatewayId,
    }),
  );
  const ServiceName = `com.amazonaws.${REGION}.s3`;
  const { VpcEndpoint } = await ec2.send(
    new CreateVpcEndpointCommand({
      VpcId,
      ServiceName,
      VpcEndpointType: 'Gateway',
      RouteTableIds: [RouteTableId],
    }),
  );
  const { GroupId = '' } = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId, GroupName: 'orders', Description: 'database' }),
  );
  await rds.send(
    new CreateDBSubnetGroupCommand({
      DBSubnetGroupName: 'inner',
      DBSubnetGroupDescription: 'inner',
      SubnetIds: subnetIds,
    }),
  );
  await rds.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: 'orders',
      DBInstanceClass: 'db.t4g.micro',
      Engine: 'postgres',
      EngineVersion: String(postgres.major),
      DBName: 'shop',
      DBSubnetGroupName: 'inner',
      VpcSecurityGroupIds: [GroupId],
      MasterUsername: 'owner',
      ManageMasterUserPassword: true,
      AllocatedStorage: 20,
    }),
  );
  for (const client of [ec2, rds]) client.destroy();
  return {
    vpcId: VpcId,
    boxSubnetIds: subnetIds.sort(),
    s3EndpointId: VpcEndpoint?.VpcEndpointId,
    databaseSecurityGroupId: GroupId,
    engineVersion: String(postgres.major),
  };
}

beforeAll(async () => {
  lab = await startLab();
  Object.assign(process.env, lab.environment);
}, 600_000);

afterAll(async () => {
  await lab.stop();
  expect(labProcesses().filter((process) => process.lab === lab.id)).toEqual([]);
}, 60_000);

test('finds the database and its network, and the app synthesizes with that', async () => {
  const account = await someAccount();
  const file = join(lab.directory, 'cdk.json');
  writeFileSync(file, JSON.stringify({ app: 'x', context: { drawbridge: { keepDaily: 14 } } }));
  const { code, stderr } = await run(['init', 'orders', '--file', file]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const written = JSON.parse(readFileSync(file, 'utf8')) as { context: { drawbridge: object } };
  expect(written.context.drawbridge).toMatchObject({ ...account, keepDaily: 14, databaseName: 'shop' });

  const synth = spawnSync(process.execPath, ['--import', 'tsx', join('bin', 'app.ts')], {
    cwd: PROJECT,
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK_VALIDATION: 'false',
      CDK_OUTDIR: join(lab.directory, 'init.out'),
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, ...written.context, 'aws:cdk:bundling-stacks': [] }),
    },
  });
  expect(synth.status === 0 ? '' : synth.stderr).toBe('');
  const template = readFileSync(join(lab.directory, 'init.out', 'drawbridge.template.json'), 'utf8');
  for (const text of [account.vpcId, ...account.boxSubnetIds, account.databaseSecurityGroupId])
    expect(template).toContain(text);

  const again = await run(['init', 'orders', '--file', file]);
  expect(again.stdout).toBe(`${file} says so already.\n`);
}, 300_000);
