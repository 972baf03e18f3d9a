import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { context } from '../../cdk.json';
import { SETTING_NAMES } from '../../lib/config/schema';
import { settingsTable } from '../../lib/config/table';
import { read, refusal } from './settings';

describe('settings', () => {
  test('have a default each', () => {
    expect(read({})).toEqual({
      name: 'drawbridge',
      engine: 'postgres',
      engineVersion: '18',
      instanceClass: 't4g.micro',
      storageGiB: 20,
      multiAz: false,
      databaseName: 'app',
      databases: ['app'],
      schedule: 'cron(0 3 * * ? *)',
      timeZone: 'UTC',
      backupConcurrency: 2,
      proofEvery: 1,
      proofMaxAgeHours: 36,
      runMaxGapHours: 26,
      dashboard: true,
      databaseParameters: {},
      databaseBackupDays: 7,
      egress: 'ipv6',
      jumpHost: 'on-demand',
      jumpHostIdleMinutes: 15,
      accessTargets: [],
      ttlMinutes: 60,
      maxTtlMinutes: 720,
      maxBoxes: 5,
      boxTypes: ['t4g.micro', 't4g.small', 't4g.medium'],
      boxVolumeGiB: 20,
      zstdLevel: 1,
      format: 'zstd',
      leaveOutRows: [],
      ageRecipients: [],
      objectLockMode: 'governance',
      objectLockDays: 7,
      onDestroy: 'keep',
      cloudTrailDataEvents: false,
      consoleTestEvents: 'none',
      keepDaily: 7,
      keepWeekly: 4,
      keepMonthly: 12,
      keepAtLeast: 3,
      flowLogs: true,
      intakeSources: [],
      deletionProtection: false,
      sweepMinutes: 5,
      notifySessions: 'none',
      operatorMfa: false,
      operatorCidrs: [],
      sessionIdleMinutes: 20,
      sessionMaxMinutes: 720,
    });
  });

  test.each([
    ['accessTargets', '10.0.0.0/16:6379,[fd00::/8]:22,sg-0123456789abcdef0:5432', 3],
    ['operatorCidrs', '203.0.113.0/24, 2001:db8::/32', 2],
    ['leaveOutRows', '*.*, !shop.*, shop.log_*', 3],
    ['ageRecipients', 'age12mh4l563a9ke9xyxuxxy9svewq4nue3e6rj3qx75sj5a69df3u8suzwyfj', 1],
  ])('%s are as many as there are', (key, text, count) => {
    const settings: Readonly<Record<string, unknown>> = read({ [key]: text });
    expect(settings[key]).toHaveLength(count);
  });

  test.each([
    ['accessTargets', ['10.0.0.0/16']],
    ['accessTargets', ['10.0.0.0/16:0']],
    ['accessTargets', ['10.0.0.0/16:65536']],
    ['accessTargets', ['cache.internal:6379']],
    ['accessTargets', ['10.0.0.0/33:22']],
    ['operatorCidrs', ['203.0.113.7']],
    ['operatorCidrs', ['everywhere']],
    ['leaveOutRows', ['log']],
    ['leaveOutRows', ["shop.it's"]],
    ['ageRecipients', ['somebody']],
    // One letter is another.
    ['ageRecipients', ['age12mh4l563a9ke9xyxuxxy9svewq4nue3e6rj3qx75sj5a69df3u8suzwyfz']],
    ['operatorMfa', 'sometimes'],
    ['sessionIdleMinutes', 61],
    ['sessionMaxMinutes', 1_441],
    ['jumpHostIdleMinutes', 1],
  ])('%s may not be %j', (key, value) => {
    expect(() => read({ drawbridge: { [key]: value } })).toThrow(new RegExp(`- ${key}[^:]*: must be`));
  });

  test('come from the object, and from single keys, which win and are text', () => {
    const settings = read({
      drawbridge: { ttlMinutes: 30, maxBoxes: 2 },
      ttlMinutes: '45',
      multiAz: 'true',
      boxTypes: 'm7g.medium, t4g.small',
      engineVersion: '17',
    });
    expect(settings).toMatchObject({
      ttlMinutes: 45,
      maxBoxes: 2,
      multiAz: true,
      boxTypes: ['m7g.medium', 't4g.small'],
      engineVersion: '17',
    });
  });

  test('of runs are checked: databases, schedule, time zone', () => {
    expect(
      read({ databases: 'app,orders', schedule: 'rate(12 hours)', timeZone: 'Europe/Berlin' }),
    ).toMatchObject({
      databases: ['app', 'orders'],
      schedule: 'rate(12 hours)',
      timeZone: 'Europe/Berlin',
    });
    expect(read({ schedule: 'none' }).schedule).toBe('none');
    const message = refusal({
      databases: 'app,app',
      schedule: 'at night',
      timeZone: 'Mars/Olympus',
      notifyEmail: 'me',
    });
    for (const setting of ['databases', 'schedule', 'timeZone', 'notifyEmail'])
      expect(message).toMatch(new RegExp(`^- ${setting}: must be`, 'm'));
  });

  test('are refused with one message that names every problem, what is accepted and what to do', () => {
    const message = refusal({
      drawbridge: { nmae: 'x', engine: 'oracle', ttlMinutes: 800, boxTypes: ['t4g.nano'], multiAz: 'yes' },
      maxBoxes: 'many',
      databaseCa: '/nowhere/ca.pem',
      flowlogs: 'true',
      'drawbridge.name': 'x',
    });
    const expected = [
      /^- unknown setting nmae \(did you mean name\?\), flowlogs \(did you mean flowLogs\?\), drawbridge\.name \(did you mean name\?\): /m,
      /^- engine: must be one of postgres, mysql, mariadb$/m,
      /^- ttlMinutes: must not be more than maxTtlMinutes$/m,
      /^- boxTypes\.0: must be arm64 instance types from micro upwards/m,
      /^- multiAz: must be true or false$/m,
      /^- maxBoxes: must be a whole number of boxes from 1 to 100$/m,
      /^- databaseCa: must be the path of a PEM file .*ENOENT/m,
      /^Correct them in cdk\.json under "context": \{"drawbridge": \{…\}\}, or on the command line with -c key=value/m,
    ];
    for (const line of expected) expect(message).toMatch(line);
    expect(message.split('\n').filter((line) => line.startsWith('- '))).toHaveLength(7);
    for (const name of SETTING_NAMES) expect(message).toContain(name);
  });

  test.each([
    ['name', ['Drawbridge', 'a--b', 'a-', '1a', 'a'.repeat(21), `a${'-a'.repeat(10)}`, '']],
    ['engineVersion', [18, '14', '19', '17.', 'latest']],
    ['instanceClass', ['db.t4g.micro', 't4g']],
    ['databaseName', ['rdsadmin', 'template1', 'mysql', '1app', 'a b', 'a'.repeat(64)]],
    ['storageGiB', [19, 20.5, '20 GiB', -1]],
    ['maxTtlMinutes', [0, 2881]],
    ['boxTypes', [[], ['t3.micro'], ['t4g.nano'], ['a1.medium'], ['g4dn.xlarge'], 't4g.micro,']],
    ['jumpHost', ['sometimes']],
    ['egress', ['ipv4', 'existing']],
    ['vpcId', ['vpc-1', 'subnet-0123456789abcdef0', 5]],
    ['boxSubnetIds', [[], 'subnet-1', ['vpc-0123456789abcdef0']]],
    ['databaseSubnetIds', [['subnet-0123456789abcdef0']]],
    ['databasePort', [0, 65_536, 'postgres']],
    ['databaseHost', ['postgres://host', 'host:5432', '-a', 'a..b', '']],
    ['databaseSecretArn', ['orders', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders']],
    ['databaseSecretKeyArn', ['alias/orders', 'arn:aws:kms:eu-west-1:123456789012:alias/orders']],
    [
      'databaseParameters',
      ['work_mem=1', { work_mem: 1 }, { 'Work Mem': '1' }, [], { 'rds.force_ssl': '0' }],
    ],
    ['databaseBackupDays', [0, 36]],
    ['databaseBackupWindow', ['2:00-3:00', '02:00-02:29', '23:50-00:10', '24:00-24:30']],
    ['objectLockDays', [0, '7d']],
    ['zstdLevel', [0, 20]],
    ['format', ['zip', '7Z', '']],
    ['archiveSecretArn', ['archives', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:archives']],
  ])('%s is refused when it is wrong', (name, values) => {
    for (const value of values) expect(refusal({ [name]: value })).toMatch(new RegExp(`^- ${name}`, 'm'));
  });

  test.each([
    ['postgres', ['15', '18', '17.11'], ['14', '19', '8.4']],
    ['mysql', ['8.4.11', '8.0.46'], ['8', '8.4', '5.7.44', '18', '9.1.0']],
    ['mariadb', ['11.4.13', '10.11.19'], ['11', '11.4', '10.6.25', '11.8.6', '18']],
  ])('admit versions of %s as the engine has them', (engine, right, wrong) => {
    for (const engineVersion of right)
      expect(read({ engine, engineVersion })).toMatchObject({ engine, engineVersion });
    for (const engineVersion of wrong)
      expect(refusal({ engine, engineVersion })).toMatch(/^- engineVersion: must be a .*, in quotes$/m);
  });

  test('choose the version by the engine where none is given', () => {
    const versions = ['postgres', 'mysql', 'mariadb'].map((engine) => read({ engine }).engineVersion);
    expect(versions).toEqual(['18', '8.4.11', '11.4.13']);
  });

  test.each([
    ['egres', 'egress'],
    ['egrss', 'egress'],
    ['ttl-minutes', 'ttlMinutes'],
    ['object_lock_mode', 'objectLockMode'],
    ['MULTIAZ', 'multiAz'],
    ['engineVerison', 'engineVersion'],
    ['drawbrige', 'drawbridge'],
    ['drawbridge:name', 'name'],
  ])('%s, on the command line or in the object, is refused and taken for %s', (wrong, meant) => {
    const expected = `- unknown setting ${wrong} (did you mean ${meant}?): accepted are`;
    expect(refusal({ [wrong]: 'x' })).toContain(expected);
    expect(refusal({ drawbridge: { [wrong]: 'x' } })).toContain(expected);
  });

  test('that resemble none of ours are refused without a guess', () => {
    for (const wrong of ['x', 'fooBarBaz', 'colour'])
      expect(refusal({ [wrong]: 'x' })).toContain(`- unknown setting ${wrong}: accepted are`);
  });

  test('leave alone what is CDK’s own', () => {
    const theirs = {
      ...context,
      'availability-zones:account=123456789012:region=eu-west-1': ['eu-west-1a'],
      'vpc-provider:account=123456789012:filter.vpc-id=vpc-1:region=eu-west-1': {},
      'aws:cdk:bundling-stacks': [],
      'aws-cdk:enableDiffNoFail': true,
      '@aws-cdk/core.slowSynthThreshold': 5,
      'acknowledged-issue-numbers': [1],
      'assets-ecr-repository-name': 'x',
    };
    expect(read(theirs)).toEqual(read({}));
  });

  test.each([
    [{ ttlMinutes: 721 }, 'ttlMinutes: must not be more than maxTtlMinutes'],
    [{ objectLockMode: 'none', objectLockDays: 7 }, 'objectLockDays: means nothing with objectLockMode none'],
    [
      { onDestroy: 'delete', objectLockMode: 'compliance' },
      'onDestroy: cannot be delete with objectLockMode comp',
    ],
    [
      { onDestroy: 'delete', deletionProtection: true },
      'onDestroy: cannot be delete with deletionProtection true',
    ],
    [{ format: '7z' }, 'archiveSecretArn: must be given with format 7z'],
    [
      {
        format: '7z',
        archiveSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:archives-GhIjKl',
        ageRecipients: ['age12mh4l563a9ke9xyxuxxy9svewq4nue3e6rj3qx75sj5a69df3u8suzwyfj'],
      },
      'ageRecipients: must not be given with format 7z',
    ],
  ])('%j is refused, which contradicts itself', (settings, problem) => {
    expect(refusal({ drawbridge: settings })).toContain(`- ${problem}`);
    const text = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, String(value)]));
    expect(refusal(text)).toContain(`- ${problem}`);
    expect(refusal({ drawbridge: settings, egress: 'wrong' })).toContain(`- ${problem}`);
  });

  test('that are no object are refused', () => {
    expect(refusal({ drawbridge: 'name=x' })).toContain('must be an object');
  });
});

describe('databaseCa', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'drawbridge-ca-'));
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const [one = '', other = ''] = rootCertificates;

  test('is read when the app is synthesized: the certificates alone', () => {
    const path = file('commented.pem', `Our own authority\n${one}\nand another\n${other}`);
    const { databaseCa = '' } = read({ databaseCa: path });
    expect(databaseCa.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(databaseCa).not.toContain('authority');
  });

  test('is refused when it holds a private key, no certificate, or a broken one', () => {
    const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
    expect(refusal({ databaseCa: file('key.pem', `${one}\n${key.toString()}`) })).toContain('private key');
    expect(refusal({ databaseCa: file('empty.pem', 'nothing') })).toContain('no certificate in PEM form');
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(refusal({ databaseCa: file('broken.pem', broken) })).toContain('certificate 1 of');
    expect(refusal({ databaseCa: 5 })).toContain('must be the path of a PEM file');
  });
});

test('the table of settings has a line for each, with its default and its meaning', () => {
  const [, , ...rows] = settingsTable().trimEnd().split('\n');
  expect(rows.map((row) => row.split(' ')[1])).toEqual(SETTING_NAMES.map((name) => `\`${name}\``));
  for (const row of rows) expect(row).toMatch(/^\| `\w+` \| (none|`[^`]+`) \| [^|]{10,} \|$/);
  expect(rows).toContain(
    '| `boxTypes` | `t4g.micro,t4g.small,t4g.medium` | arm64 instance types of boxes, tried in order |',
  );
});
