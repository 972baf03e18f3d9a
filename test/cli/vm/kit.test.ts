import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetPolicyCommand, GetPolicyVersionCommand, IAMClient } from '@aws-sdk/client-iam';
import { mockClient } from 'aws-sdk-client-mock';
import { readConfig } from '../../../cli/push/config';
import { MEANINGS } from '../../../cli/vm/explain';
import { EXIT } from '../../../contract/exit-codes';
import { Concrete } from '../../access/concrete';
import { managedPolicy } from '../../access/policies';
import { CONFIGURATIONS } from '../../configurations';
import { jsonWith } from '../../lib/synth';
import { drawbridge, stackAnswer } from '../support';

const cloudFormation = mockClient(CloudFormationClient);
const iam = mockClient(IAMClient);
const concrete = new Concrete(jsonWith(CONFIGURATIONS.full));
const policy = managedPolicy(concrete, 'IntakewebVm');
const POLICY_ARN = 'arn:aws:iam::123456789012:policy/web-vm';

const outputs = (source: string) => ({
  [`Intake${source}CreateFunctionName`]: `${source}-create`,
  [`Intake${source}DestroyFunctionName`]: `${source}-destroy`,
  [`Intake${source}PolicyArn`]: POLICY_ARN,
});
const stackWith = (values: Readonly<Record<string, string>>): void => {
  cloudFormation.on(DescribeStacksCommand).resolves(stackAnswer(values));
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-kit-'));
  cloudFormation.reset();
  iam.reset();
  stackWith({ IntakeDocumentName: 'Session-1', ...outputs('web') });
  iam
    .on(GetPolicyCommand, { PolicyArn: POLICY_ARN })
    .resolves({ Policy: { DefaultVersionId: 'v7' } })
    .on(GetPolicyVersionCommand, { PolicyArn: POLICY_ARN, VersionId: 'v7' })
    .resolves({ PolicyVersion: { Document: encodeURIComponent(JSON.stringify(policy)) } });
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function kit(): Promise<string> {
  const out = join(directory, 'kit');
  expect((await drawbridge(['vm-config', 'web', '--out', out])).code).toBe(EXIT.ok);
  return out;
}

describe('vm-config', () => {
  test('prints every file, the deployed policy among them', async () => {
    const ran = await drawbridge(['vm-config', '--json']);
    expect(ran.code).toBe(EXIT.ok);
    const { files } = ran.json() as { files: Readonly<Record<string, string>> };
    expect(JSON.parse(files['policy.json'] ?? '')).toEqual(policy);
    expect(JSON.parse(files['push.json'] ?? '')).toMatchObject({
      createFunction: 'web-create',
      destroyFunction: 'web-destroy',
      region: 'eu-west-1',
    });
    const text = (await drawbridge(['vm-config', 'web'])).stdout;
    for (const [name, content] of Object.entries(files))
      expect(text).toContain(`==> ${name} <==\n${content.trimEnd()}`);
  });

  test('writes them, with the program, and never over anything', async () => {
    const out = await kit();
    expect(readdirSync(out).sort()).toEqual([
      'INSTALL.md',
      'aws-config',
      'drawbridge',
      'drawbridge-push.service',
      'drawbridge-push.timer',
      'policy.json',
      'push-by-hand.sh',
      'push.json',
    ]);
    expect(statSync(join(out, 'drawbridge')).mode & 0o777).toBe(0o755);
    expect(statSync(join(out, 'aws-config')).mode & 0o077).toBe(0);
    rmSync(join(out, 'INSTALL.md'));
    writeFileSync(join(out, 'push.json'), 'mine');
    const again = await drawbridge(['vm-config', '--out', out]);
    expect(again.code).toBe(EXIT.usage);
    expect(again.stderr).toContain('push.json');
    expect(readFileSync(join(out, 'push.json'), 'utf8')).toBe('mine');
    expect(readdirSync(out)).not.toContain('INSTALL.md');
  });

  test('a configuration that `push` accepts, and INSTALL.md names every file', async () => {
    const out = await kit();
    expect(readConfig(join(out, 'push.json')).paths.map(({ path }) => path)).toEqual(['/var/log', '/etc']);
    const install = readFileSync(join(out, 'INSTALL.md'), 'utf8');
    for (const name of readdirSync(out)) if (name !== 'INSTALL.md') expect(install).toContain(name);
  });

  test('of a stack without sources, or with several, says what to do', async () => {
    stackWith({});
    const none = await drawbridge(['vm-config']);
    expect([none.code, none.stderr]).toEqual([EXIT.notFound, expect.stringContaining('intakeSources')]);
    stackWith({ IntakeDocumentName: 'Session-1', ...outputs('web'), ...outputs('appDashlogs') });
    const several = await drawbridge(['vm-config']);
    expect([several.code, several.stderr]).toEqual([EXIT.usage, expect.stringContaining('app-logs, web')]);
    const wrong = await drawbridge(['policy', 'vm', 'wbe']);
    expect([wrong.code, wrong.stderr]).toEqual([EXIT.notFound, expect.stringContaining('"wbe"')]);
    expect(iam.calls()).toHaveLength(0);
  });
});

describe('policy vm', () => {
  test('explains every statement of the deployed policy, with its actions, resources and conditions', async () => {
    const { stdout } = await drawbridge(['policy', 'vm']);
    for (const { Sid = '', Action, Resource, Condition } of policy.Statement) {
      expect(stdout).toContain(`${Sid}: ${MEANINGS[Sid] ?? 'a statement that nobody has explained'}`);
      for (const word of [Action, Resource ?? []].flat()) expect(stdout).toContain(word);
      for (const key of Object.values(Condition ?? {}).flatMap((keys) => Object.keys(keys)))
        expect(stdout).toContain(`if ${key} `);
    }
    expect(Object.keys(MEANINGS).sort()).toEqual(policy.Statement.map(({ Sid = '' }) => Sid).sort());
  });

  test('says so when there is one that it does not know', async () => {
    const foreign = { Sid: 'New', Effect: 'Allow', Action: 's3:*', Resource: '*' };
    iam.on(GetPolicyVersionCommand).resolves({
      PolicyVersion: { Document: encodeURIComponent(JSON.stringify({ Version: '1', Statement: [foreign] })) },
    });
    expect((await drawbridge(['policy', 'vm'])).stdout).toContain('New: not known to this version');
  });
});

// Where systemd is, it judges the units itself; what must stand in them is looked at everywhere.
if (spawnSync('systemd-analyze', ['--version']).status === 0)
  test('the units pass systemd’s own examination', async () => {
    const out = await kit();
    const service = join(out, 'drawbridge-push.service');
    const text = readFileSync(service, 'utf8');
    writeFileSync(service, text.replace('/usr/local/bin/drawbridge', join(out, 'drawbridge')));
    const judged = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', '--recursive-errors=no', service, join(out, 'drawbridge-push.timer')],
      { encoding: 'utf8' },
    );
    expect({ status: judged.status, said: judged.stderr }).toEqual({ status: 0, said: '' });
  }, 60_000);

test.each([
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'User=drawbridge-push',
  'CapabilityBoundingSet=CAP_DAC_READ_SEARCH',
])('the service has %s', async (line) => {
  const out = await kit();
  expect(readFileSync(join(out, 'drawbridge-push.service'), 'utf8').split('\n')).toContain(line);
});

describe('push-by-hand.sh', () => {
  /** Programs of the machine, in place of AWS: each writes down its words, and does what the test says. */
  async function run(ssh: string) {
    const out = await kit();
    const bin = join(directory, 'bin');
    mkdirSync(bin);
    const log = join(directory, 'log');
    const program = (name: string, body: string): void => {
      writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >>'${log}'\n${body}\n`, { mode: 0o755 });
    };
    const box = JSON.stringify({ instanceId: 'i-0123456789abcdef0', state: 'pending' });
    program('aws', `[ "$1" = lambda ] || exit 0\nfor last; do :; done\necho '${box}' >"$last"`);
    program('ssh', ssh);
    writeFileSync(join(directory, 'file'), 'content');
    const ran = spawnSync('sh', [join(out, 'push-by-hand.sh'), join(directory, 'file')], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}`, WAIT_SECONDS: '0', TMPDIR: directory },
    });
    const said = readFileSync(log, 'utf8').split('\n');
    return { ...ran, said, left: readdirSync(directory).filter((name) => name.startsWith('tmp')) };
  }

  test('opens a box, hands over a key and a tar stream, ends the box, and leaves nothing', async () => {
    const { status, said, left, stdout } = await run('tar -t');
    expect([status, left]).toEqual([0, []]);
    expect(stdout).toContain('file');
    expect(said.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'aws lambda invoke',
      'aws ec2-instance-connect send-ssh-public-key',
      'ssh -T -F',
      'aws lambda invoke',
      '',
    ]);
    expect(said[0]).toContain('web-create');
    expect(said[2]).toContain('intake@i-0123456789abcdef0 tar');
    expect(said[2]).toContain('--document-name Session-1');
    expect(said[3]).toContain('web-destroy');
    expect(said[3]).toContain('{"instanceId": "i-0123456789abcdef0"}');
  });

  test('hands on what the box says, and ends the box in any case', async () => {
    const { status, said, stderr } = await run('cat >/dev/null; echo "Refused x" >&2; exit 4');
    expect(status).toBe(EXIT.someRefused);
    expect(stderr).toContain('Refused x');
    expect(said.at(-2)).toContain('web-destroy');
  });

  test('tries again while the box boots, and gives up at last', async () => {
    const { status, said } = await run('cat >/dev/null; exit 255');
    expect(status).toBe(EXIT.unavailable);
    expect(said.filter((line) => line.startsWith('ssh '))).toHaveLength(20);
    expect(said.at(-2)).toContain('web-destroy');
  });

  test('is a script of plain sh', async () => {
    execFileSync('sh', ['-n', join(await kit(), 'push-by-hand.sh')]);
  });
});
