import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { devDependencies } from '../../package.json';
import { CONFIGURATION_NAMES, CONFIGURATIONS } from '../configurations';
import { jsonWith, readable, resourceOf, statement, type TemplateJson } from './synth';

/** What AWS and the CDK are known to do, as far as a template shows that we heeded it and no other test says so. */
const userData = (template: TemplateJson, box: string): string => {
  const { LaunchTemplateData } = resourceOf(template, 'AWS::EC2::LaunchTemplate', box).Properties as {
    LaunchTemplateData: { UserData: unknown };
  };
  return readable(LaunchTemplateData.UserData);
};

test('the CDK’s command line is pinned exactly: a range would find a 3.0.0 that was a slip (aws-facts 0.7)', () => {
  expect(devDependencies['aws-cdk']).toMatch(/^2\.\d+\.\d+$/);
});

/** Lines of sections 0 and 13 that no template shows, and what tests them instead. */
const NOT_IN_A_TEMPLATE: Readonly<Record<string, string>> = {
  '13.2': 'jumpbox/backup-faults.lab.test.ts',
  '13.7': 'lambda/idempotency.test.ts',
};

test('every line of what is known of AWS is named by a test, or no template shows it', () => {
  const tests = join(__dirname, '..');
  const texts = readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(tests, file), 'utf8'));
  const named = texts.flatMap((text) =>
    [...text.matchAll(/\(aws-facts ([\d., ]+)\)/g)].flatMap(([, numbers = '']) => numbers.split(', ')),
  );
  const lines = [...upTo(0, 12), ...upTo(13, 19)];
  expect(lines.filter((line) => !named.includes(line) && !(line in NOT_IN_A_TEMPLATE))).toEqual([]);
  for (const file of Object.values(NOT_IN_A_TEMPLATE))
    expect(readFileSync(join(tests, file), 'utf8')).not.toBe('');
});

const upTo = (section: number, last: number): string[] =>
  Array.from({ length: last }, (_, index) => `${section}.${index + 1}`);

describe.each(CONFIGURATION_NAMES)('the %s stack', (configuration) => {
  const template = jsonWith(CONFIGURATIONS[configuration]);
  const ofType = (type: string) => Object.values(template.Resources).filter(({ Type }) => Type === type);

  test('no box is a nano, whose memory is too small (aws-facts 0.5)', () => {
    for (const { Properties } of ofType('AWS::EC2::LaunchTemplate'))
      expect((Properties.LaunchTemplateData as { InstanceType: string }).InstanceType).not.toMatch(/\.nano$/);
  });

  test('a document waits for the boot, and its program knows the region (aws-facts 13.4)', () => {
    for (const id of ['DocumentsBackup', 'DocumentsProve']) {
      const { Content } = resourceOf(template, 'AWS::SSM::Document', id).Properties;
      const text = JSON.stringify(Content);
      expect(text.indexOf('cloud-init status --wait')).toBeGreaterThan(0);
      expect(text.indexOf('cloud-init status --wait')).toBeLessThan(text.indexOf('exec '));
    }
    expect(userData(template, 'BackupBox')).toContain("AWS_REGION='{AWS::Region}'");
  });

  test('no rule of the bucket expires anything by age: that could evict the last good backup (aws-facts 13.1)', () => {
    const { LifecycleConfiguration } = resourceOf(template, 'AWS::S3::Bucket', 'Backups').Properties as {
      LifecycleConfiguration: { Rules: object[] };
    };
    for (const rule of LifecycleConfiguration.Rules)
      for (const key of Object.keys(rule).filter((one) => /Expiration|Transition/.test(one)))
        expect([key, 'TagFilters' in rule]).toEqual([key, true]);
  });

  test('only shells are recorded: no tunnel pretends to be, since its content is not logged (aws-facts 0.12)', () => {
    const sessions = ofType('AWS::SSM::Document').flatMap(({ Properties }) => {
      const { sessionType, inputs = {} } = Properties.Content as { sessionType?: string; inputs?: object };
      return sessionType === undefined ? [] : [[sessionType, 'cloudWatchLogGroupName' in inputs] as const];
    });
    expect(sessions.length).toBeGreaterThan(3);
    for (const [type, isRecorded] of sessions)
      expect([type, isRecorded]).toEqual([type, type === 'Standard_Stream']);
  });

  test('the sweep may abort what a killed box could not (aws-facts 13.16)', () => {
    const policy = resourceOf(template, 'AWS::IAM::Policy', 'LifecycleSweep');
    expect(statement(policy, 'AbortUploads')).toMatchObject({
      Effect: 'Allow',
      Action: 's3:AbortMultipartUpload',
    });
  });

  test('there is room for a proof on the disk of a backup box (aws-facts 13.3)', () => {
    const { LaunchTemplateData } = resourceOf(template, 'AWS::EC2::LaunchTemplate', 'BackupBox')
      .Properties as {
      LaunchTemplateData: { BlockDeviceMappings: { Ebs: { VolumeSize: number } }[] };
    };
    expect(LaunchTemplateData.BlockDeviceMappings[0]?.Ebs.VolumeSize).toBeGreaterThan(8);
  });

  test('no route table has two S3 endpoints (aws-facts 13.12)', () => {
    const gateways = ofType('AWS::EC2::VPCEndpoint').filter(
      ({ Properties }) => 'RouteTableIds' in Properties,
    );
    const tables = gateways.flatMap(({ Properties }) =>
      (Properties.RouteTableIds as unknown[]).map(readable),
    );
    expect([...new Set(tables)]).toEqual(tables);
  });

  test('has neither aliases nor versions of functions, which would pin old templates (aws-facts 13.19)', () => {
    for (const type of ['AWS::Lambda::Alias', 'AWS::Lambda::Version']) expect(ofType(type)).toEqual([]);
  });

  test('costs nothing while idle but what is itemised: no NAT, address, endpoint by the hour (aws-facts 13.17)', () => {
    for (const type of ['EC2::NatGateway', 'EC2::EIP']) expect(ofType(`AWS::${type}`)).toEqual([]);
    // One for each database, and four for runs and boxes.
    expect(ofType('AWS::CloudWatch::Alarm').length).toBeLessThanOrEqual(6);
    const types = ofType('AWS::EC2::VPCEndpoint').map(({ Properties }) => Properties.VpcEndpointType);
    const byTheHour = types.filter((type) => type !== 'Gateway');
    // The agent's two, the secret's, Auto Scaling's, by which the jump host leaves, and that of logs, which record shells.
    expect(byTheHour).toHaveLength(configuration === 'endpoints' ? 5 : 0);
    expect(ofType('AWS::KMS::Key')).toHaveLength(1);
    expect(ofType('AWS::SecretsManager::Secret')).toEqual([]);
  });

  test('no parameter is resolved to an image at deploy time, which would replace instances (aws-facts 13.18)', () => {
    expect(JSON.stringify(template)).not.toContain('AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>');
  });

  test('no provider function of the CDK is there, whose log group nobody owns (aws-facts 13.11)', () => {
    expect(
      Object.keys(template.Resources).filter((id) => /^Custom.*CustomResourceProvider/.test(id)),
    ).toEqual([]);
    for (const { Properties } of ofType('AWS::Lambda::Function'))
      expect(Properties.LoggingConfig).toHaveProperty('LogGroup.Ref');
  });
});
