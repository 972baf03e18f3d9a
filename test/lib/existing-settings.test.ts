import { read, refusal } from './settings';

/** Lines of the refusal, one for each problem. */
const problemsOf = (context: Record<string, unknown>): string[] =>
  refusal(context)
    .split('\n')
    .filter((line) => line.startsWith('- '));

describe('settings', () => {
  const id = '0123456789abcdef0';
  const network = { vpcId: `vpc-${id}`, boxSubnetIds: `subnet-${id}`, s3EndpointId: `vpce-${id}` };
  const database = {
    databaseHost: 'db.example.internal',
    databaseSecurityGroupId: `sg-${id}`,
    databaseSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-AbCdEf',
    engineVersion: '17',
  };

  test('of an existing network and database go together, all as text', () => {
    expect(read({ ...network, ...database, databasePort: '5433' })).toMatchObject({
      egress: 'existing',
      flowLogs: false,
      boxSubnetIds: [`subnet-${id}`],
      databasePort: 5433,
    });
    expect(read({ databaseParameters: '{"work_mem": "8192"}' }).databaseParameters).toEqual({
      work_mem: '8192',
    });
  });

  test('name the major of an existing server, which is enough for its tools', () => {
    for (const [engine, engineVersion] of [
      ['mysql', '8.0'],
      ['mariadb', '10.11'],
    ])
      expect(read({ ...network, ...database, engine, engineVersion })).toMatchObject({ engineVersion });
  });

  test.each<[string, object, string[]]>([
    [
      'a VPC without its parts',
      { vpcId: network.vpcId },
      [
        'boxSubnetIds: is needed with vpcId',
        's3EndpointId: is needed with vpcId',
        'databaseSubnetIds: is needed with vpcId, unless databaseHost',
      ],
    ],
    [
      'parts without a VPC',
      {
        boxSubnetIds: network.boxSubnetIds,
        s3EndpointId: network.s3EndpointId,
        databaseSubnetIds: `subnet-${id},subnet-${id}`,
      },
      [
        'boxSubnetIds: must not be given without vpcId',
        's3EndpointId: must not be given without vpcId',
        'databaseSubnetIds: must not be given without vpcId',
      ],
    ],
    [
      'a VPC with a way out of our own',
      { ...network, ...database, egress: 'endpoints', flowLogs: 'true', s3PrefixListId: 'pl-6da54004' },
      [
        'flowLogs: must not be given with vpcId',
        'egress: must not be endpoints with vpcId',
        's3PrefixListId: must be given with egress ipv6 or endpoints only',
      ],
    ],
    [
      'a database without its parts',
      { databaseHost: 'db' },
      ['vpcId', 'engineVersion', 'databaseSecurityGroupId', 'databaseSecretArn'].map(
        (name) => `${name}: is needed with databaseHost`,
      ),
    ],
    [
      'parts without a database',
      { databasePort: 5433, databaseSecretArn: database.databaseSecretArn },
      [
        'databasePort: must not be given without databaseHost',
        'databaseSecretArn: must not be given without databaseHost',
      ],
    ],
    [
      'an existing database that is to be made',
      { ...network, ...database, storageGiB: 50, multiAz: true, databaseBackupDays: 1 },
      ['storageGiB', 'multiAz', 'databaseBackupDays'].map(
        (name) => `${name}: must not be given with databaseHost`,
      ),
    ],
    [
      'a prefix list that narrows nothing',
      { egress: 'public-ipv4', s3PrefixListId: 'pl-6da54004' },
      ['s3PrefixListId: must be given with egress ipv6 or endpoints only'],
    ],
  ])('that contradict each other are refused: %s', (_, settings, problems) => {
    expect(problemsOf({ ...settings })).toEqual(
      problems.map((text) => expect.stringContaining(`- ${text}`) as string),
    );
  });
});
