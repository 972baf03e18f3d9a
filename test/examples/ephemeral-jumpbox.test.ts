import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { readable, resourceOf, type TemplateJson } from '../lib/synth';
import { ACCEPTED_BY_VALIDATOR } from '../oracles/accepted-of-templates';
import { unaccepted } from '../oracles/judge';
import { BuiltInValidator } from '../oracles/template-findings';

const EXAMPLE = join(__dirname, '..', '..', 'examples', 'ephemeral-jumpbox');
const directory = mkdtempSync(join(tmpdir(), 'drawbridge-example-'));
const templateFile = join(directory, 'orders-jumpbox.template.json');
let template: TemplateJson;

// As the CDK's command line starts it, with no way to an account.
beforeAll(() => {
  const { app, context } = JSON.parse(readFileSync(join(EXAMPLE, 'cdk.json'), 'utf8')) as {
    app: string;
    context: object;
  };
  const [program = '', ...words] = app.split(' ');
  const { status, stderr } = spawnSync(program, words, {
    cwd: EXAMPLE,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      CDK_OUTDIR: directory,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      AWS_EC2_METADATA_DISABLED: 'true',
    },
  });
  if (status !== 0) throw new Error(stderr);
  template = JSON.parse(readFileSync(templateFile, 'utf8')) as TemplateJson;
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

test('adds a jumpbox and nothing that holds data or network', () => {
  const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
  expect([...types].sort()).toEqual([
    'AWS::EC2::LaunchTemplate',
    'AWS::EC2::SecurityGroup',
    'AWS::EC2::SecurityGroupEgress',
    'AWS::EC2::SecurityGroupIngress',
    'AWS::IAM::InstanceProfile',
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
    'AWS::Lambda::Function',
    'AWS::Logs::LogGroup',
    'AWS::Scheduler::Schedule',
    'Custom::DrawbridgeDrain',
  ]);
});

test('lets its boxes, and nobody else, into the database', () => {
  const rule = resourceOf(template, 'AWS::EC2::SecurityGroupIngress').Properties;
  expect(rule).toMatchObject({ GroupId: 'sg-0123456789abcdef0', FromPort: 5432, ToPort: 5432 });
  expect(readable(rule.SourceSecurityGroupId)).toBe('{JumpboxBoxBlueprintSecurityGroup.GroupId}');
});

test('tells the address of the database, the subnets and the lives of boxes to the create function', () => {
  const { Environment } = resourceOf(template, 'AWS::Lambda::Function', 'JumpboxLifecycleCreate')
    .Properties as {
    Environment: { Variables: unknown };
  };
  expect(Environment.Variables).toMatchObject({
    DRAWBRIDGE_DATABASE_HOST: 'orders.c0123456789a.eu-west-1.rds.amazonaws.com',
    DRAWBRIDGE_DATABASE_PORT: '5432',
    DRAWBRIDGE_SUBNET_IDS: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
    DRAWBRIDGE_TTL_MINUTES: '30',
    DRAWBRIDGE_MAX_TTL_MINUTES: '240',
  });
});

test('the validator inside the CDK, with every rule, finds nothing without a written reason', () => {
  const validator = new BuiltInValidator();
  try {
    expect(unaccepted(validator.findings(templateFile), ACCEPTED_BY_VALIDATOR)).toEqual([]);
  } finally {
    validator.free();
  }
});
