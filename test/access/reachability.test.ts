import { CONFIGURATION_NAMES, CONFIGURATIONS } from '../configurations';
import { jsonWith, resourceOf } from '../lib/synth';
import { Reachability } from './reachability';

describe.each(CONFIGURATION_NAMES)('in the %s stack', (configuration) => {
  const template = jsonWith(CONFIGURATIONS[configuration]);
  const reachability = new Reachability(template);
  const instances =
    configuration === 'bare' ? ['AccessBox', 'BackupBox'] : ['AccessBox', 'BackupBox', 'JumpHost'];

  // Boxes of intake sources have no way to the database: they are no part of the list above.
  const sources = configuration === 'full' ? ['IntakelogsBox', 'IntakewebBox'] : [];
  const all = [...instances, ...sources].sort();

  test('inside the VPC, boxes and jump host reach the database, and nothing reaches anything else', () => {
    expect(reachability.betweenGroups()).toEqual(instances.map((name) => `${name} → Database: tcp 5432`));
  });

  test('nobody is let in by address, from wherever', () => {
    expect(reachability.fromAddresses()).toEqual([]);
  });

  test('boxes and jump host call out by HTTPS, the database not at all', () => {
    const ranges = ['0.0.0.0/0', '::/0'];
    expect(reachability.outOfTheVpc()).toEqual(
      all.flatMap((name) => ranges.map((range) => `${name} → ${range}: tcp 443`)),
    );
  });

  test('the only ways out are the egress-only gateway and the S3 endpoint, from the box subnets', () => {
    expect(reachability.waysOut()).toEqual([
      { subnet: 'box', destination: '::/0', target: 'EgressOnlyInternetGatewayId' },
      { subnet: 'box', destination: 'S3 (dualstack)', target: 'VPCEndpoint' },
    ]);
    for (const type of [
      'InternetGateway',
      'NatGateway',
      'VPCPeeringConnection',
      'TransitGatewayAttachment',
      'VPNGateway',
    ])
      expect(Object.values(template.Resources).filter(({ Type }) => Type === `AWS::EC2::${type}`)).toEqual(
        [],
      );
  });

  test('the database stands in subnets without a way out, the jump host in those of the boxes', () => {
    const { SubnetIds } = resourceOf(template, 'AWS::RDS::DBSubnetGroup').Properties;
    expect(reachability.subnetKinds(SubnetIds)).toEqual(['database']);
    if (configuration === 'bare') return;
    const { VPCZoneIdentifier } = resourceOf(template, 'AWS::AutoScaling::AutoScalingGroup').Properties;
    expect(reachability.subnetKinds(VPCZoneIdentifier)).toEqual(['box']);
  });

  test('every group is one of these, and the database has its own only', () => {
    expect(reachability.groups).toHaveLength(all.length + 1);
    const { VPCSecurityGroups } = resourceOf(template, 'AWS::RDS::DBInstance').Properties;
    expect(JSON.stringify(VPCSecurityGroups)).toMatch(
      /^\[\{"Fn::GetAtt":\["DatabaseSecurityGroup\w+","GroupId"\]\}\]$/,
    );
  });
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
