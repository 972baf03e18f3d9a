import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idleScript } from '../../lib/idle-script';
import { flat, jsonWith, resourceOf } from './synth';

const IDLE_MINUTES = 15;

/** The script of the host, as its user data writes it. */
function scriptOfHost(): string {
  const text = idleScript({ idleMinutes: IDLE_MINUTES, region: 'eu-west-1', dualStack: true });
  const found = /cat > \S+leave-when-idle <<'END_OF_FILE'\n([^]*?)END_OF_FILE/.exec(text);
  return found?.[1] ?? '';
}

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-idle-'));
  const program = (name: string, text: string): void => {
    writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  };
  program('pgrep', 'case "$*" in $RUNS) exit 0 ;; *) exit 1 ;; esac');
  program('id', 'case "$1" in ec2-user) exit 0 ;; *) exit 1 ;; esac');
  program('curl', 'case "$*" in *api/token*) echo token ;; *instance-id) echo i-1 ;; esac');
  program(
    'aws',
    `echo "$AWS_USE_DUALSTACK_ENDPOINT $*" >> ${join(directory, 'calls')}; exit \${AWS_FAILS:-0}`,
  );
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const used = (): string => join(directory, 'used');
const calls = (): string =>
  existsSync(join(directory, 'calls')) ? readFileSync(join(directory, 'calls'), 'utf8') : '';

/** Looks once. @param runs - which search for processes finds one, as a pattern of the shell */
const look = (runs: string, environment: object = {}) =>
  spawnSync('sh', ['-s'], {
    input: scriptOfHost().replaceAll('/run/drawbridge-used', used()),
    env: { PATH: `${directory}:/usr/bin:/bin`, RUNS: runs, ...environment },
    encoding: 'utf8',
  });

const lastUsed = (minutesAgo: number): void => {
  writeFileSync(used(), '');
  const then = Date.now() / 1_000 - minutesAgo * 60;
  utimesSync(used(), then, then);
};

test('the script is one that a shell can read', () => {
  expect(scriptOfHost()).toContain('terminate-instance-in-auto-scaling-group');
  execFileSync('sh', ['-n'], { input: scriptOfHost() });
});

test('a host that has just booted stays, and its time begins', () => {
  expect(look('nothing')).toMatchObject({ status: 0 });
  expect(existsSync(used())).toBe(true);
  expect(calls()).toBe('');
});

test.each([
  ['a session is open', '*ssm-session-worker*'],
  ['a command runs', '*ssm-document-worker*'],
  ['somebody has left something running', '-u?ec2-user'],
])('while %s it stays, however long', (_, runs) => {
  lastUsed(600);
  expect(look(runs)).toMatchObject({ status: 0 });
  expect(calls()).toBe('');
  // And the time begins anew.
  expect(look('nothing')).toMatchObject({ status: 0 });
  expect(calls()).toBe('');
});

test('unused it stays for as long as the setting says, then asks to be ended, and its group to shrink', () => {
  lastUsed(IDLE_MINUTES - 1);
  look('nothing');
  expect(calls()).toBe('');
  lastUsed(IDLE_MINUTES + 1);
  expect(look('nothing').stdout).toContain('it leaves');
  expect(calls()).toBe(
    'true autoscaling terminate-instance-in-auto-scaling-group --region eu-west-1 --instance-id i-1 --should-decrement-desired-capacity\n',
  );
});

test('a refusal is an error that the journal shows, and it is tried again', () => {
  lastUsed(IDLE_MINUTES + 1);
  expect(look('nothing', { AWS_FAILS: '254' }).status).not.toBe(0);
  look('nothing');
  expect(calls().split('\n')).toHaveLength(3);
});

test.each([
  ['ipv6', 'true'],
  ['endpoints', 'false'],
  ['public-ipv4', 'false'],
])('with the way out %s the host asks by the dual-stack name: %s', (egress, dualStack) => {
  const { LaunchTemplateData } = resourceOf(jsonWith({ egress }), 'AWS::EC2::LaunchTemplate', 'JumpHost')
    .Properties as { LaunchTemplateData: { UserData: unknown } };
  expect(flat(LaunchTemplateData.UserData)).toContain(
    `AWS_USE_DUALSTACK_ENDPOINT=${dualStack} aws autoscaling`,
  );
});

test.each([
  ['on-demand', 1],
  ['always', 0],
  ['none', 0],
])('without internet, a jump host that is %s has %d endpoint to leave by', (jumpHost, count) => {
  const endpoints = Object.entries(jsonWith({ egress: 'endpoints', jumpHost }).Resources).filter(
    ([id, { Type }]) => Type === 'AWS::EC2::VPCEndpoint' && id.includes('AutoScaling'),
  );
  expect(endpoints).toHaveLength(count);
});
