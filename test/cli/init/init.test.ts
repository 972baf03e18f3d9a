import { OF_EXISTING_DATABASE, OF_OWN_DATABASE } from '../../../cli/init/merge';
import { EXISTING_DATABASE, OWN_DATABASE } from '../../../lib/config/settings/database';
import { DescribeKeyCommand } from '@aws-sdk/client-kms';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeDBClustersCommand } from '@aws-sdk/client-rds';
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { readFileSync } from 'node:fs';
import { EXIT } from '../../../contract/exit-codes';
import { settingsSchema } from '../../../lib/config/schema';
import {
  databaseIs,
  ec2,
  file,
  fileIs,
  gateway,
  init,
  KEY,
  kms,
  named,
  networkIs,
  prepare,
  rds,
  S3,
  SECRET,
  secrets,
  SETTINGS,
  interfaces,
  subnetId,
  table,
  VPC,
  written,
} from './account';

prepare();

describe('a database that exists', () => {
  test('its settings are written, the rest of the file stays, and the app accepts them', async () => {
    const { code, stdout } = await init('orders');
    expect(code).toBe(EXIT.ok);
    expect(written()).toEqual(SETTINGS);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      app: 'x',
      context: { '@aws-cdk/core:flag': true },
    });
    expect(stdout).toContain('+ databaseHost: "orders.c1.eu-west-1.rds.amazonaws.com"\n');
    expect(settingsSchema.safeParse(written()).error).toBeUndefined();
  });

  test('--dry-run shows the same and writes nothing', async () => {
    const before = readFileSync(file, 'utf8');
    const dry = await init('orders', '--dry-run');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(dry.stdout).toContain('was not changed');
    const wet = await init('orders');
    expect(dry.stdout.split('\n').slice(0, -2)).toEqual(wet.stdout.split('\n').slice(0, -2));
  });

  test('what was there stays, but for what would contradict; the difference names both', async () => {
    fileIs({
      name: 'shop',
      keepDaily: 14,
      egress: 'endpoints',
      instanceClass: 'm7g.large',
      databaseName: 'app',
    });
    const { stdout } = await init('orders');
    expect(written()).toEqual({ name: 'shop', keepDaily: 14, ...SETTINGS });
    for (const line of ['- egress: "endpoints"', '- instanceClass: "m7g.large"', '- databaseName: "app"'])
      expect(stdout).toContain(`${line}\n`);
    expect(settingsSchema.safeParse(written()).error).toBeUndefined();
  });

  test('a second time nothing changes, and what was set about the server since then stays', async () => {
    await init('orders');
    fileIs({ ...SETTINGS, databases: ['shop', 'audit'] });
    expect((await init('orders')).stdout).toBe(`${file} says so already.\n`);
    expect(written()).toEqual({ ...SETTINGS, databases: ['shop', 'audit'] });
  });

  test('--json gives settings and difference', async () => {
    expect((await init('orders', '--json')).json()).toMatchObject({
      file,
      isWritten: true,
      settings: SETTINGS,
    });
  });

  test('an Aurora cluster stands for its instances; its version is that of the engine', async () => {
    rds.on(DescribeDBClustersCommand).resolves({
      DBClusters: [
        {
          DBClusterIdentifier: 'shop',
          Engine: 'aurora-mysql',
          EngineVersion: '8.0.mysql_aurora.3.10.0',
          Endpoint: 'shop.cluster-c1.eu-west-1.rds.amazonaws.com',
          Port: 3306,
          DatabaseName: 'shop',
          DBSubnetGroup: 'inner',
          VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-0123456789abcdef0', Status: 'active' }],
          MasterUserSecret: { SecretArn: SECRET },
        },
      ],
    });
    databaseIs({ DBInstanceIdentifier: 'shop-1', DBClusterIdentifier: 'shop' });
    expect((await init('shop')).code).toBe(EXIT.ok);
    expect(written()).toMatchObject({
      engine: 'mysql',
      engineVersion: '8.0',
      databaseHost: 'shop.cluster-c1.eu-west-1.rds.amazonaws.com',
      databasePort: 3306,
    });
    expect(settingsSchema.safeParse(written()).error).toBeUndefined();
    const { code, stderr } = await init('shop-1');
    expect(code).toBe(EXIT.notFound);
    expect(stderr).toContain('by the name of its cluster');
  });

  test.each([
    ['AWS', undefined],
    ['CUSTOMER', KEY],
  ] as const)('a key of the secret that %s manages', async (KeyManager, expected) => {
    secrets.on(DescribeSecretCommand).resolves({ ARN: SECRET, KmsKeyId: 'alias/some' });
    kms
      .on(DescribeKeyCommand, { KeyId: 'alias/some' })
      .resolves({ KeyMetadata: { KeyId: 'x', Arn: KEY, KeyManager } });
    await init('orders');
    expect((written() as { databaseSecretKeyArn?: string }).databaseSecretKeyArn).toBe(expected);
  });

  test('without a secret of RDS one must be named', async () => {
    databaseIs({ MasterUserSecret: undefined });
    const { code, stderr } = await init('orders');
    expect(code).toBe(EXIT.notFound);
    expect(stderr).toContain('with --secret');
    expect(written()).toEqual({});
    await init('orders', '--secret', 'orders/backup');
    expect(secrets.commandCalls(DescribeSecretCommand).at(-1)?.args[0].input).toEqual({
      SecretId: 'orders/backup',
    });
    expect(written()).toEqual(SETTINGS);
  });

  test('warns of what somebody should know', async () => {
    databaseIs({
      PubliclyAccessible: true,
      VpcSecurityGroups: ['sg-0123456789abcdef0', 'sg-0123456789abcdef1'].map((VpcSecurityGroupId) => ({
        VpcSecurityGroupId,
        Status: 'active',
      })),
    });
    const { stderr } = await init('orders');
    expect(stderr).toContain('has a public address');
    expect(stderr).toContain('several security groups; sg-0123456789abcdef0 will');
  });
});

describe('where boxes go', () => {
  const boxes = () => (written() as { boxSubnetIds: string[] }).boxSubnetIds;

  test('private subnets before public ones', async () => {
    networkIs([gateway('rtb-private', 'rtb-public')]);
    await init('orders');
    expect(boxes()).toEqual([subnetId(1), subnetId(2)]);
  });

  test('public ones only where they give addresses', async () => {
    networkIs([gateway('rtb-public')]);
    await init('orders');
    expect(boxes()).toEqual([subnetId(3)]);
  });

  test('isolated ones where interface endpoints lead to all that the agent needs', async () => {
    const endpoints = [gateway('rtb-main'), ...interfaces('ssm', 'ssmmessages', 'secretsmanager')];
    networkIs(endpoints, [table('rtb-main', undefined, [], true)]);
    await init('orders');
    expect(boxes()).toHaveLength(6);
    networkIs(endpoints.slice(0, -1), [table('rtb-main', undefined, [], true)]);
    const { code, stderr } = await init('orders');
    expect(code).toBe(EXIT.notFound);
    expect(stderr).toContain('No subnet of');
  });

  test('without an S3 gateway endpoint: the command that makes one', async () => {
    networkIs([]);
    const { code, stderr } = await init('orders');
    expect(code).toBe(EXIT.notFound);
    expect(stderr).toContain(
      `aws ec2 create-vpc-endpoint --vpc-id ${VPC} --service-name com.amazonaws.eu-west-1.s3 --route-table-ids rtb-private rtb-public`,
    );
    expect(written()).toEqual({});
  });
});

describe('a database of its own in a VPC that exists', () => {
  test('gets the subnets that are closed to the internet; settings of another database go', async () => {
    fileIs({ ...SETTINGS, name: 'shop' });
    expect((await init('--vpc', VPC)).code).toBe(EXIT.ok);
    expect(written()).toEqual({
      name: 'shop',
      vpcId: VPC,
      boxSubnetIds: [subnetId(1), subnetId(2)],
      s3EndpointId: S3,
      databaseSubnetIds: [subnetId(1), subnetId(2), subnetId(5), subnetId(6)],
    });
    expect(settingsSchema.safeParse(written()).error).toBeUndefined();
  });

  test('a VPC that is not there', async () => {
    ec2.on(DescribeVpcsCommand).rejects(named('InvalidVpcID.NotFound'));
    const { code, stderr } = await init('--vpc', VPC);
    expect(code).toBe(EXIT.notFound);
    expect(stderr).toContain(`There is no VPC ${VPC} in this region.`);
  });
});

test('the names that go with a choice are those that the app refuses beside it', () => {
  expect([...OF_OWN_DATABASE].sort()).toEqual([...OWN_DATABASE].sort());
  expect([...OF_EXISTING_DATABASE].sort()).toEqual([...EXISTING_DATABASE].sort());
});

test('nothing but reading was asked of AWS', async () => {
  await init('orders');
  const asked = [ec2, kms, rds, secrets].flatMap((mock) =>
    mock.calls().map(({ args }) => args[0].constructor.name),
  );
  for (const name of asked) expect(name).toMatch(/^Describe/);
});
