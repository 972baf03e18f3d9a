import { jsonWith, resourceOf, type TemplateJson } from './synth';

/** The rules of every security group, as the flows table of the design says them: `from → to: port`. */
function flows(template: TemplateJson): { in: string[]; out: string[] } {
  const groups = Object.entries(template.Resources).filter(
    ([, { Type }]) => Type === 'AWS::EC2::SecurityGroup',
  );
  const names: Record<string, string> = Object.fromEntries(
    groups.map(([id, { Properties }]) => [
      id,
      /purpose (\S+):|^(Database)/.exec(String(Properties.GroupDescription))?.slice(1).find(Boolean) ?? id,
    ]),
  );
  const name = (reference: unknown): string => {
    const [id = ''] = (reference as { 'Fn::GetAtt': string[] })['Fn::GetAtt'];
    return names[id] ?? id;
  };
  const port = (rule: Record<string, unknown>): string =>
    `${String(rule.IpProtocol)} ${String(rule.FromPort)}-${String(rule.ToPort)}`;
  const inlineRules = (key: string): string[] =>
    groups.flatMap(([id, { Properties }]) =>
      ((Properties[key] ?? []) as Record<string, unknown>[]).map((rule) => {
        const peer = rule.CidrIp ?? rule.CidrIpv6;
        return `${names[id] ?? id} → ${String(peer)}: ${port(rule)}`;
      }),
    );
  const rules = (type: string, from: string, to: string): string[] =>
    Object.values(template.Resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => `${name(Properties[from])} → ${name(Properties[to])}: ${port(Properties)}`);
  return {
    in: [
      ...inlineRules('SecurityGroupIngress'),
      ...rules('AWS::EC2::SecurityGroupIngress', 'SourceSecurityGroupId', 'GroupId'),
    ].sort(),
    out: [
      ...inlineRules('SecurityGroupEgress'),
      ...rules('AWS::EC2::SecurityGroupEgress', 'GroupId', 'DestinationSecurityGroupId'),
    ].sort(),
  };
}

const wayOut = (who: string): string[] => [`${who} → 0.0.0.0/0: tcp 443-443`, `${who} → ::/0: tcp 443-443`];
/** How CDK writes "nothing": a rule that nothing can meet. */
const NOTHING = 'Database → 255.255.255.255/32: icmp 252-86';
const toDatabase = (who: string): string => `${who} → Database: tcp 5432-5432`;

describe('flows', () => {
  test('are exactly those of the design: boxes and jump host to the database and out by 443, nothing into a box', () => {
    const found = flows(jsonWith());
    expect(found.in).toEqual(['access', 'backup', 'jump-host', 'restore'].map(toDatabase));
    expect(found.out).toEqual(
      [
        NOTHING,
        ...['access', 'backup', 'jump-host', 'restore'].flatMap((who) => [...wayOut(who), toDatabase(who)]),
      ].sort(),
    );
  });

  test('lack the jump host where there is none', () => {
    const found = flows(jsonWith({ jumpHost: 'none' }));
    expect(found.in).toEqual(['access', 'backup', 'restore'].map(toDatabase));
    expect(found.out.join()).not.toContain('jump-host');
  });

  test('are described, each rule', () => {
    for (const { Type, Properties } of Object.values(jsonWith().Resources)) {
      if (/SecurityGroup(In|E)gress$/.test(Type)) expect(Properties.Description).toMatch(/ to database$/);
    }
    const group = resourceOf(jsonWith(), 'AWS::EC2::SecurityGroup', 'AccessBox');
    expect(group.Properties.SecurityGroupEgress).toMatchObject([
      { Description: expect.stringContaining('egress-only gateway') as string },
      { Description: expect.stringContaining('gateway endpoint') as string },
    ]);
  });
});
