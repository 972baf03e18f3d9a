import { CONFIGURATION_NAMES, CONFIGURATIONS, EXISTING_DATABASE, EXISTING_NETWORK } from '../configurations';
import { jsonWith, resourceOf } from '../lib/synth';
import { Reachability } from './reachability';

/** The settings that this table of flows depends on. */
interface Asked {
  readonly egress?: 'ipv6' | 'public-ipv4' | 'endpoints';
  readonly engine?: string;
  readonly jumpHost?: string;
  readonly databaseHost?: string;
  readonly intakeSources?: readonly { readonly name: string }[];
}

const S3_ONLY = { subnet: 'box', target: 'VPCEndpoint' };
/** What leads out of the VPC, and what security groups let boxes call, in each mode: docs/promises.md, 1. */
const WAYS = {
  ipv6: {
    calls: ['0.0.0.0/0', '::/0'],
    ways: [
      { subnet: 'box', destination: '::/0', target: 'EgressOnlyInternetGatewayId' },
      { ...S3_ONLY, destination: 'S3 (dualstack)' },
    ],
  },
  'public-ipv4': {
    calls: ['0.0.0.0/0'],
    ways: [
      { subnet: 'box', destination: '0.0.0.0/0', target: 'GatewayId' },
      { ...S3_ONLY, destination: 'S3 (ipv4)' },
    ],
  },
  endpoints: { calls: ['0.0.0.0/0'], ways: [{ ...S3_ONLY, destination: 'S3 (ipv4)' }] },
  existing: { calls: ['0.0.0.0/0'], ways: [] },
};

describe.each(CONFIGURATION_NAMES)('in the %s stack', (configuration) => {
  const asked: Asked = CONFIGURATIONS[configuration];
  const template = jsonWith(asked);
  const reachability = new Reachability(template);
  const exists = asked.databaseHost !== undefined;
  const egress = exists ? 'existing' : (asked.egress ?? 'ipv6');
  const jumpHosts = asked.jumpHost === 'none' ? [] : ['JumpHost'];
  const instances = ['AccessBox', 'BackupBox', ...jumpHosts, 'RestoreBox'];
  const standard = (asked.engine ?? 'postgres') === 'postgres' ? 5432 : 3306;
  const [database, port] = exists
    ? [EXISTING_DATABASE.databaseSecurityGroupId, EXISTING_DATABASE.databasePort]
    : ['Database', standard];
  const endpoints = egress === 'endpoints' ? ['NetworkEndpoints'] : [];

  // Boxes of intake sources have no way to the database: they are no part of the list above.
  const sources = (asked.intakeSources ?? []).map(({ name }) => `Intake${name}Box`);
  const all = [...instances, ...sources].sort();

  test('inside the VPC, boxes and jump host reach the database, and nothing reaches anything else', () => {
    expect(reachability.betweenGroups()).toEqual(
      [
        ...instances.map((name) => `${name} → ${database}: tcp ${port}`),
        ...endpoints.flatMap((group) => all.map((name) => `${name} → ${group}: tcp 443`)),
      ].sort(),
    );
  });

  test('nobody is let in by address, from wherever', () => {
    expect(reachability.fromAddresses()).toEqual([]);
  });

  test('boxes and jump host call out by HTTPS, the database not at all', () => {
    expect(reachability.outOfTheVpc()).toEqual(
      all.flatMap((name) => WAYS[egress].calls.map((range) => `${name} → ${range}: tcp 443`)),
    );
  });

  test('the only ways out are those of the mode, from the box subnets', () => {
    expect(reachability.waysOut()).toEqual(WAYS[egress].ways);
    for (const type of ['NatGateway', 'VPCPeeringConnection', 'TransitGatewayAttachment', 'VPNGateway'])
      expect(Object.values(template.Resources).filter(({ Type }) => Type === `AWS::EC2::${type}`)).toEqual(
        [],
      );
    const gateways = Object.values(template.Resources).filter(
      ({ Type }) => Type === 'AWS::EC2::InternetGateway',
    );
    expect(gateways).toHaveLength(egress === 'public-ipv4' ? 1 : 0);
  });

  test('interface endpoints are those of the agent, the secret, a host that leaves and recorded shells, where there is no internet', () => {
    const leaving = ['always', 'none'].includes(asked.jumpHost ?? 'on-demand') ? [] : ['autoscaling'];
    const services =
      egress === 'endpoints' ? ['ssm', 'ssmmessages', 'secretsmanager', ...leaving, 'logs'] : [];
    expect(reachability.interfaceEndpoints()).toEqual(
      services.map((service) => `${service} in 1 box behind NetworkEndpoints by its own name`),
    );
  });

  test('the database stands in subnets without a way out, the jump host in those of the boxes', () => {
    if (!exists) {
      const { SubnetIds } = resourceOf(template, 'AWS::RDS::DBSubnetGroup').Properties;
      expect(reachability.subnetKinds(SubnetIds)).toEqual(['database']);
    }
    if (asked.jumpHost === 'none') return;
    const { VPCZoneIdentifier } = resourceOf(template, 'AWS::AutoScaling::AutoScalingGroup').Properties;
    expect(reachability.subnetKinds(VPCZoneIdentifier)).toEqual(
      exists ? EXISTING_NETWORK.boxSubnetIds : ['box'],
    );
  });

  test('every group is one of these, and the database has its own only', () => {
    expect(reachability.groups).toHaveLength(all.length + (exists ? 0 : 1) + endpoints.length);
    if (exists) return;
    const { VPCSecurityGroups } = resourceOf(template, 'AWS::RDS::DBInstance').Properties;
    expect(JSON.stringify(VPCSecurityGroups)).toMatch(
      /^\[\{"Fn::GetAtt":\["DatabaseSecurityGroup\w+","GroupId"\]\}\]$/,
    );
  });
});

test('with its prefix list, S3 is all that boxes may call by IPv4 where IPv4 leads nowhere else', () => {
  const calls = (egress: string) =>
    new Reachability(jsonWith({ egress, s3PrefixListId: 'pl-6da54004', jumpHost: 'none' })).outOfTheVpc();
  const boxes = ['AccessBox', 'BackupBox', 'RestoreBox'];
  expect(calls('endpoints')).toEqual(boxes.map((box) => `${box} → pl-6da54004: tcp 443`));
  expect(calls('ipv6')).toEqual(
    boxes.flatMap((box) => [`${box} → ::/0: tcp 443`, `${box} → pl-6da54004: tcp 443`]),
  );
});

test('a rule more would be seen', () => {
  const template = structuredClone(jsonWith()) as unknown as {
    Resources: Record<string, { Properties: Record<string, unknown> }>;
  };
  const [box = ''] = Object.keys(template.Resources).filter((id) =>
    id.startsWith('AccessBoxBlueprintSecurityGroup'),
  );
  const properties = template.Resources[box]?.Properties ?? {};
  properties.SecurityGroupIngress = [{ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 22, ToPort: 22 }];
  const changed = new Reachability(template as unknown as ReturnType<typeof jsonWith>);
  expect(changed.fromAddresses()).toEqual(['0.0.0.0/0 → AccessBox: tcp 22']);
});
