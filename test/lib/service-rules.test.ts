/** What services refuse at deploy time although no schema says so. */
import { CONFIGURATION_NAMES, CONFIGURATIONS } from '../configurations';
import { flat, jsonWith, type TemplateJson } from './synth';

type Fields = Readonly<Record<string, unknown>>;

const of = ({ Resources }: TemplateJson, ...types: string[]): [string, Fields][] =>
  Object.entries(Resources).flatMap(([id, { Type, Properties }]) =>
    types.includes(Type) ? [[id, Properties]] : [],
  );

/** Every description of a security group and of its rules. */
const groupTexts = (template: TemplateJson): string[] =>
  of(
    template,
    'AWS::EC2::SecurityGroup',
    'AWS::EC2::SecurityGroupIngress',
    'AWS::EC2::SecurityGroupEgress',
  ).flatMap(([, { GroupDescription, Description, SecurityGroupIngress = [], SecurityGroupEgress = [] }]) =>
    [
      GroupDescription,
      Description,
      ...[SecurityGroupIngress, SecurityGroupEgress].flat().map((rule) => (rule as Fields).Description),
    ].flatMap((text) => (text === undefined ? [] : [flat(text)])),
  );

const AWKWARD = {
  accessTargets: ['10.0.0.0/16:22', '[fd00::/8]:22', 'sg-01234567:6379'],
  intakeSources: [{ name: 'web', refuse: ['**/*.schlüssel', 'größe→'] }],
  leaveOutRows: ['größen.log_*', 'shop.日誌'],
};

describe.each([...CONFIGURATION_NAMES, 'awkward'] as const)('the %s stack', (name) => {
  const settings: object = name === 'awkward' ? AWKWARD : CONFIGURATIONS[name];
  const template = jsonWith(settings);

  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html: without apostrophes, of all things.
  test('describes security groups and rules in the letters that EC2 takes', () => {
    const texts = groupTexts(template);
    expect(texts.length).toBeGreaterThan(5);
    expect(texts.filter((text) => !/^[A-Za-z0-9 ._\-:/()#,@[\]+=&;{}!$*]{1,255}$/.test(text))).toEqual([]);
  });

  // cloud-init cannot read any other: see renderUserData.
  test('boots instances with ASCII alone', () => {
    const all = of(template, 'AWS::EC2::LaunchTemplate').map(([id, { LaunchTemplateData }]) => {
      const { UserData } = LaunchTemplateData as Fields;
      return [id, flat(UserData)] as const;
    });
    expect(all.length).toBeGreaterThan(2);
    for (const [id, text] of all) expect([id, /[^\0-\x7f]/.exec(text)?.[0]]).toEqual([id, undefined]);
  });
});

test('the S3 endpoint is made when its subnets have both address families', () => {
  const [[, { DependsOn = [] }] = ['', { DependsOn: [] }]] = Object.entries(jsonWith().Resources).filter(
    ([, { Type }]) => Type === 'AWS::EC2::VPCEndpoint',
  );
  const subnets = of(jsonWith(), 'AWS::EC2::Subnet', 'AWS::EC2::SubnetRouteTableAssociation')
    .map(([id]) => id)
    .filter((id) => id.includes('boxSubnet'));
  expect(subnets).toHaveLength(4);
  expect(DependsOn).toEqual(expect.arrayContaining(subnets));
});
