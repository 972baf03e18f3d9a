import { jsonWith, readable, resourceOf } from './synth';

interface Parameter {
  readonly allowedPattern?: string;
  readonly allowedValues?: readonly string[];
}
interface Content {
  readonly schemaVersion: string;
  readonly sessionType: string;
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const document = (id: string, settings: object = {}) =>
  resourceOf(jsonWith(settings), 'AWS::SSM::Document', `Sessions${id}`).Properties;
const content = (id: string, settings: object = {}) => document(id, settings).Content as Content;

const TARGETS = { accessTargets: ['10.0.0.0/16:22', 'sg-01234567:6379', '10.1.0.0/16:22'] };

test.each([
  ['Connect', 'Port'],
  ['Forward', 'Port'],
  ['Shell', 'Standard_Stream'],
  ['Ssh', 'Port'],
  ['HostKeys', 'NonInteractiveCommands'],
])(
  '%s has no fixed name, is another one when it changes, ends when it is idle, and ends in any case',
  (id, sessionType) => {
    const settings = { ...TARGETS, sessionIdleMinutes: 7, sessionMaxMinutes: 90 };
    expect(document(id, settings)).toMatchObject({
      DocumentType: 'Session',
      UpdateMethod: 'Replace',
      Content: {
        schemaVersion: '1.0',
        sessionType,
        inputs: { idleSessionTimeout: '7', maxSessionDuration: '90' },
      },
    });
    expect(document(id, settings)).not.toHaveProperty('Name');
  },
);

test('connect leads to the database and nowhere else', () => {
  const { properties = {}, parameters = {} } = content('Connect');
  expect(Object.keys(parameters)).toEqual(['localPortNumber']);
  expect(readable(properties.host)).toBe('{DatabaseInstance.Endpoint.Address}');
  expect(readable(properties.portNumber)).toBe('{DatabaseInstance.Endpoint.Port}');
  expect(properties).toMatchObject({
    type: 'LocalPortForwarding',
    localPortNumber: '{{ localPortNumber }}',
  });
  const pattern = new RegExp(parameters.localPortNumber?.allowedPattern ?? 'x^');
  for (const port of ['0', '5432']) expect(port).toMatch(pattern);
  expect('5432; id').not.toMatch(pattern);
});

test('forward leads to the named ports only, and is not there when nothing is named', () => {
  const { parameters = {} } = content('Forward', TARGETS);
  expect(parameters.portNumber?.allowedValues).toEqual(['22', '6379']);
  const pattern = new RegExp(parameters.host?.allowedPattern ?? 'x^');
  for (const host of ['cache.internal', '10.0.3.4', 'fd00::1']) expect(host).toMatch(pattern);
  for (const host of ['', '-x', 'a b', '$(id)', '{{x}}']) expect(host).not.toMatch(pattern);
  expect(() => document('Forward')).toThrow();
  expect(jsonWith().Outputs).not.toHaveProperty('ForwardDocumentName');
  expect(jsonWith(TARGETS).Outputs).toHaveProperty('ForwardDocumentName');
});

test('access boxes and the jump host may reach the targets, backup boxes may not', () => {
  const rules = (from: string): string[] =>
    Object.entries(jsonWith(TARGETS).Resources).flatMap(([id, { Type, Properties }]) => {
      if (!id.startsWith(from)) return [];
      const inline = (Properties.SecurityGroupEgress ?? []) as readonly Record<string, unknown>[];
      const all = Type === 'AWS::EC2::SecurityGroupEgress' ? [Properties] : inline;
      return all
        .filter(({ Description }) => String(Description).startsWith('accessTargets'))
        .map((rule) => {
          const { CidrIp, DestinationSecurityGroupId, FromPort, ToPort, IpProtocol } = rule as Record<
            string,
            string
          >;
          expect([FromPort, IpProtocol]).toEqual([ToPort, 'tcp']);
          return `${CidrIp ?? DestinationSecurityGroupId ?? ''}:${FromPort ?? ''}`;
        });
    });
  for (const from of ['AccessBox', 'JumpHost'])
    expect(rules(from).sort()).toEqual(['10.0.0.0/16:22', '10.1.0.0/16:22', 'sg-01234567:6379']);
  expect(rules('BackupBox')).toEqual([]);
});

test('shells are recorded in an encrypted group that forgets', () => {
  const { inputs } = content('Shell');
  expect(inputs).toMatchObject({ cloudWatchEncryptionEnabled: true, cloudWatchStreamingEnabled: true });
  expect(readable(inputs.cloudWatchLogGroupName)).toMatch(/^\{SessionLogs/);
  const group = resourceOf(jsonWith(), 'AWS::Logs::LogGroup', 'SessionLogs').Properties;
  expect(readable(group.KmsKeyId)).toMatch(/^\{EncryptionKey/);
  expect(group.RetentionInDays).toBe(90);
});

test('ssh leads to port 22 of the instance itself', () => {
  expect(content('Ssh').properties).toEqual({ portNumber: '22' });
  expect(content('Ssh').parameters).toBeUndefined();
});
