import { jsonWith, readable, resourceOf, templateWith } from '../synth';

const SETTINGS = {
  intakeSources: [
    { name: 'web', urlPasswords: 'refuse' },
    { name: 'logs', maxBoxes: 1 },
  ],
};
const template = jsonWith(SETTINGS);
const variables = (id: string): Record<string, unknown> =>
  (
    resourceOf(template, 'AWS::Lambda::Function', id).Properties.Environment as {
      Variables: Record<string, unknown>;
    }
  ).Variables;
const userData = (source: string): string => {
  const { LaunchTemplateData } = resourceOf(template, 'AWS::EC2::LaunchTemplate', `Intake${source}Box`)
    .Properties as { LaunchTemplateData: { UserData: unknown } };
  return readable(LaunchTemplateData.UserData);
};

test('without sources there is nothing of the intake', () => {
  expect(Object.keys(jsonWith().Resources).filter((id) => id.startsWith('Intake'))).toEqual([]);
});

test('each source has a box, two functions and a policy; all share one session document', () => {
  for (const source of ['web', 'logs'])
    for (const [type, part] of [
      ['IAM::Role', 'Box'],
      ['EC2::SecurityGroup', 'Box'],
      ['EC2::LaunchTemplate', 'Box'],
      ['Lambda::Function', 'Create'],
      ['Lambda::Function', 'Destroy'],
      ['IAM::ManagedPolicy', 'Vm'],
    ] as const)
      expect(resourceOf(template, `AWS::${type}`, `Intake${source}${part}`)).toBeDefined();
  expect(resourceOf(template, 'AWS::SSM::Document', 'IntakeSession').Properties.Content).toMatchObject({
    sessionType: 'Port',
    properties: { portNumber: '22' },
  });
});

test('the functions know one source and one template; the operator’s know neither', () => {
  const create = variables('IntakewebCreate');
  expect(create).toMatchObject({ DRAWBRIDGE_SOURCE: 'web', DRAWBRIDGE_MAX_BOXES: '2' });
  expect(readable(create.DRAWBRIDGE_LAUNCH_TEMPLATES)).toBe(
    '{"intake":{"launchTemplateId":"{IntakewebBoxBlueprintTemplate}","version":"{IntakewebBoxBlueprintTemplate.LatestVersionNumber}"}}',
  );
  expect(readable(create.DRAWBRIDGE_INTAKE_DOCUMENT)).toMatch(/^\{IntakeSession\w*\}$/);
  expect(create).not.toHaveProperty('DRAWBRIDGE_DATABASE_HOST');
  expect(variables('IntakewebDestroy')).toMatchObject({ DRAWBRIDGE_SOURCE: 'web' });
  expect(variables('IntakelogsCreate')).toMatchObject({ DRAWBRIDGE_MAX_BOXES: '1' });
  expect(variables('LifecycleCreate')).not.toHaveProperty('DRAWBRIDGE_SOURCE');
  expect(readable(variables('LifecycleCreate').DRAWBRIDGE_LAUNCH_TEMPLATES)).not.toContain('intake');
});

test('the policy is attached to the principal that was named, by its kind', () => {
  const attached = (principal: string) =>
    resourceOf(
      templateWith({ intakeSources: [{ name: 'web', principal }] }).toJSON() as typeof template,
      'AWS::IAM::ManagedPolicy',
      'Intakeweb',
    ).Properties;
  expect(attached('arn:aws:iam::123456789012:role/vms/Vm')).toMatchObject({ Roles: ['Vm'] });
  expect(attached('arn:aws:iam::123456789012:user/vm')).toMatchObject({ Users: ['vm'] });
  expect(resourceOf(template, 'AWS::IAM::ManagedPolicy', 'Intakelogs').Properties).not.toHaveProperty(
    'Roles',
  );
});

describe('a box', () => {
  test('carries the tag of its source, on everything that is launched', () => {
    const { LaunchTemplateData } = resourceOf(template, 'AWS::EC2::LaunchTemplate', 'IntakewebBox')
      .Properties as {
      LaunchTemplateData: { TagSpecifications: { Tags: { Key: string; Value: unknown }[] }[] };
    };
    for (const { Tags } of LaunchTemplateData.TagSpecifications)
      expect(Tags).toContainEqual({ Key: 'drawbridge:source', Value: 'web' });
  });

  test('has the rules of its source and no other setting than it needs', () => {
    expect(userData('web')).toContain('"urlPasswords":"refuse"');
    expect(userData('logs')).toContain('"urlPasswords":"flag"');
    expect(userData('web')).toContain("DRAWBRIDGE_SOURCE='web'");
    expect(userData('web')).not.toMatch(/DATABASE|SECRET|postgresql/);
  });

  test.each([
    'ListenAddress 127.0.0.1',
    'ListenAddress ::1',
    'AllowUsers intake',
    'AuthenticationMethods publickey',
    'AuthorizedKeysFile none',
    'AuthorizedKeysCommand /opt/aws/bin/eic_run_authorized_keys %u %f',
    'ForceCommand /opt/drawbridge/intake',
    'DisableForwarding yes',
    'PermitTunnel no',
    'PermitTTY no',
    'PermitUserEnvironment no',
    'PermitUserRC no',
    'PermitRootLogin no',
    'PasswordAuthentication no',
  ])('’s SSH server is told: %s', (line) => {
    expect(userData('web').split('\n')).toContain(line);
  });

  test('has the user only when the server runs with its configuration', () => {
    const lines = userData('web').split('\n');
    const at = (start: string): number => lines.findIndex((line) => line.startsWith(start));
    expect(at('dnf install')).toBeGreaterThan(0);
    expect(at('systemctl restart sshd')).toBeGreaterThan(at('dnf install'));
    expect(at('useradd')).toBeGreaterThan(at('systemctl restart sshd'));
    expect(userData('web')).not.toMatch(/^(Include|Subsystem|AcceptEnv)/m);
  });
});

test('when the stack goes, boxes of sources end before the network, and nothing opens another', () => {
  const drain = Object.entries(template.Resources).find(([, { Type }]) => Type === 'Custom::DrawbridgeDrain');
  const needs = drain?.[1].DependsOn ?? [];
  for (const part of ['IntakewebBoxBlueprintTemplate', 'IntakewebBoxBlueprintSecurityGroup'])
    expect(needs.some((id) => id.startsWith(part))).toBe(true);
  const create = resourceOf(template, 'AWS::Lambda::Function', 'IntakewebCreate');
  expect(create.DependsOn).toContain(drain?.[0]);
});
