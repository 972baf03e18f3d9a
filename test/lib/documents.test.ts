import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BACKUPS, backupPrefix } from '../../contract/keys';
import { EXIT } from '../../contract/exit-codes';
import { jsonWith, resourceOf } from './synth';

interface Parameter {
  readonly allowedPattern: string;
  readonly default: string;
  readonly interpolationType?: string;
}
interface Content {
  readonly schemaVersion: string;
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly mainSteps?: readonly {
    readonly action: string;
    readonly inputs: { readonly timeoutSeconds: string; readonly runCommand: readonly string[] };
  }[];
}

const document = (id: string, settings: object = {}) =>
  resourceOf(jsonWith(settings), 'AWS::SSM::Document', `Documents${id}`).Properties;
const content = (id: string, settings: object = {}) => document(id, settings).Content as Content;
const script = (id: string): string => content(id).mainSteps?.[0]?.inputs.runCommand.join('\n') ?? '';
const parameter = (id: string, name: string): Parameter => {
  const found = content(id).parameters?.[name];
  if (found === undefined) throw new Error(`${id} has no parameter ${name}`);
  return found;
};

describe('documents', () => {
  test.each([
    ['Backup', 'Command', '2.2'],
    ['Prove', 'Command', '2.2'],
    ['Restore', 'Command', '2.2'],
  ])('%s has no fixed name, and a change makes a new version', (id, DocumentType, schemaVersion) => {
    expect(document(id)).toMatchObject({
      DocumentType,
      UpdateMethod: 'NewVersion',
      Content: { schemaVersion },
    });
    expect(document(id)).not.toHaveProperty('Name');
  });

  test.each(['Backup', 'Prove', 'Restore'])(
    '%s may run for as long as a box may live (aws-facts 13.14, 13.15)',
    (id) => {
      expect(content(id).mainSteps).toMatchObject([
        { action: 'aws:runShellScript', inputs: { timeoutSeconds: '43200' } },
      ]);
      expect(content(id, { maxTtlMinutes: 60 }).mainSteps?.[0]?.inputs.timeoutSeconds).toBe('3600');
    },
  );

  test.each(['Backup', 'Prove', 'Restore'])('%s is a script that a shell can read', (id) => {
    expect(spawnSync('sh', ['-n'], { input: script(id), encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test('prove takes its prefix through the environment, checked, never as text of the script (aws-facts 0.11)', () => {
    const { allowedPattern, interpolationType, default: none } = parameter('Prove', 'prefix');
    expect(interpolationType).toBe('ENV_VAR');
    expect(script('Prove')).not.toContain('{{');
    const pattern = new RegExp(allowedPattern);
    expect(none).toMatch(pattern);
    expect(backupPrefix('app', new Date(), 'i-0123456789abcdef0')).toMatch(pattern);
    for (const bad of [
      'x',
      `${BACKUPS}app/`,
      `${BACKUPS}app/20261122T030000000Z_i-0/; rm`,
      `${BACKUPS}$(id)/20261122T030000000Z_i-0/`,
    ]) {
      expect(bad).not.toMatch(pattern);
    }
  });
});

describe('a run of a document', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'drawbridge-documents-'));
    const program = (name: string, text: string): void => {
      writeFileSync(join(directory, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    };
    program('cloud-init', 'echo "cloud-init $*" >&2; exit "$CLOUD_INIT"');
    program(
      'node-24',
      'for word; do echo "$word"; done; echo "$DRAWBRIDGE_NAME $DRAWBRIDGE_DATABASE_NAME $DRAWBRIDGE_EXECUTION"',
    );
    writeFileSync(
      join(directory, 'box.env'),
      "DRAWBRIDGE_NAME='from box.env'\nDRAWBRIDGE_DATABASE_NAME='app'\n",
    );
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  /** Runs the script with programs that say how they were called. */
  const run = (id: string, cloudInit: number, prefix: string, more: Readonly<Record<string, string>> = {}) =>
    spawnSync('sh', ['-s'], {
      input: script(id).replace('/opt/drawbridge/box.env', join(directory, 'box.env')),
      env: {
        PATH: `${directory}:${process.env.PATH ?? ''}`,
        CLOUD_INIT: String(cloudInit),
        SSM_prefix: prefix,
        SSM_every: '1',
        ...more,
      },
      encoding: 'utf8',
    });

  test('waits for the boot to be finished, then hands the settings of the box to its program', () => {
    const { status, stdout, stderr } = run('Backup', 0, '');
    expect(stderr).toBe('cloud-init status --wait\n');
    expect(stdout).toBe('/opt/drawbridge/jumpbox.cjs\nbackup\nfrom box.env app \n');
    expect(status).toBe(0);
  });

  test('hands over the database and the execution that were asked for as they are', () => {
    const asked = { SSM_database: 'orders', SSM_execution: '$(touch x)' };
    expect(run('Backup', 0, '', asked).stdout).toBe(
      '/opt/drawbridge/jumpbox.cjs\nbackup\nfrom box.env orders $(touch x)\n',
    );
  });

  test('runs when the boot has warned of something', () => {
    const { status, stdout } = run('Backup', 2, '');
    expect(stdout).toContain('from box.env app');
    expect(status).toBe(0);
  });

  test('says what to do when the boot failed, and runs nothing', () => {
    const { status, stdout, stderr } = run('Prove', 1, '');
    expect(stderr).toMatch(/The boot of this box failed: .* destroy it and open another\./);
    expect(stdout).toBe('');
    expect(status).toBe(EXIT.bootFailed);
  });

  test('proves the named backup as one word, or the newest', () => {
    expect(run('Prove', 0, '').stdout).toBe(
      '/opt/drawbridge/jumpbox.cjs\nprove\n--every\n1\nfrom box.env app \n',
    );
    const odd = 'backups/a b; echo $HOME/x/';
    expect(run('Prove', 0, odd).stdout).toBe(
      `/opt/drawbridge/jumpbox.cjs\nprove\n--prefix\n${odd}\n--every\n1\nfrom box.env app \n`,
    );
  });

  test('restores with the words that were given, and leaves out those that were not', () => {
    expect(run('Restore', 0, '', { SSM_roles: 'refuse' }).stdout).toBe(
      '/opt/drawbridge/jumpbox.cjs\nrestore\n--roles\nrefuse\nfrom box.env app \n',
    );
    const asked = { SSM_into: 'a b', SSM_over: '$(id)', SSM_jobs: '2', SSM_roles: 'skip' };
    expect(run('Restore', 0, 'backups/x/', asked).stdout.split('\n').slice(1, -2)).toEqual([
      'restore',
      ...['--prefix', 'backups/x/', '--into', 'a b', '--over', '$(id)', '--jobs', '2', '--roles', 'skip'],
    ]);
  });
});
