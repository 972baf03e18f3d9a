/** What an update does to what holds data, setting by setting, judged by CloudFormation's own schemas. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { meaningOf, SETTING_NAMES } from '../../lib/config/schema';
import { jsonWith, type TemplateJson } from '../lib/synth';
import { BuiltInValidator } from './template-findings';

/** What holds data, or decides where data is. Under another logical id it would be another, empty one. */
const FROZEN = {
  BackupsBucket2936A3AA: 'AWS::S3::Bucket',
  BackupsBucketPolicy31B13914: 'AWS::S3::BucketPolicy',
  EncryptionKey3A692D6E: 'AWS::KMS::Key',
  DatabaseInstanceAA8A5FDE: 'AWS::RDS::DBInstance',
  DatabaseInstanceSubnetGroupDE121BB6: 'AWS::RDS::DBSubnetGroup',
} as const;

/** Which settings replace what by a change. RDS refuses that in fact: the instance has a name (`uniqueIdentifier`). */
const REPLACES: Readonly<Record<string, readonly string[]>> = {
  engine: ['DatabaseInstance.Engine'],
  databaseName: ['DatabaseInstance.DBName'],
};

/**
 * Create-only under conditions that are not ours: "Update requires: No interruption" (or some), says
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbinstance.html
 */
const IN_PLACE = ['MultiAZ', 'BackupRetentionPeriod', 'DBParameterGroupName'];

/** Another name is another stack; the others choose an existing network or database where none of our own stands yet. */
const NO_UPDATE =
  /^(name|vpcId|boxSubnetIds|databaseSubnetIds|s3EndpointId|database(Host|Port|SecurityGroupId|Secret(Key)?Arn))$/;

const directory = mkdtempSync(join(tmpdir(), 'drawbridge-updates-'));
const authorities = join(directory, 'ca.pem');
writeFileSync(authorities, rootCertificates[0] ?? '');
const validator = new BuiltInValidator();
afterAll(() => {
  validator.free();
  rmSync(directory, { recursive: true });
});

const ARCHIVES = {
  format: '7z',
  archiveSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:archives-GhIjKl',
};

/** A value of each setting that is not its default, with what it needs. */
const CHANGES: Readonly<Record<string, object>> = {
  egress: { egress: 'endpoints' },
  flowLogs: { flowLogs: false },
  engine: { engine: 'mariadb' },
  engineVersion: { engineVersion: '17' },
  instanceClass: { instanceClass: 'm7g.large' },
  storageGiB: { storageGiB: 100 },
  multiAz: { multiAz: true },
  databaseName: { databaseName: 'shop' },
  databaseCa: { databaseCa: authorities },
  deletionProtection: { deletionProtection: true },
  jumpHost: { jumpHost: 'none' },
  ttlMinutes: { ttlMinutes: 30 },
  maxTtlMinutes: { maxTtlMinutes: 2880 },
  maxBoxes: { maxBoxes: 9 },
  boxTypes: { boxTypes: ['m7g.medium'] },
  boxVolumeGiB: { boxVolumeGiB: 100 },
  sweepMinutes: { sweepMinutes: 10 },
  zstdLevel: { zstdLevel: 9 },
  format: ARCHIVES,
  archiveSecretArn: ARCHIVES,
  leaveOutRows: { leaveOutRows: ['*.log'] },
  ageRecipients: { ageRecipients: ['age12mh4l563a9ke9xyxuxxy9svewq4nue3e6rj3qx75sj5a69df3u8suzwyfj'] },
  objectLockMode: { objectLockMode: 'none' },
  objectLockDays: { objectLockDays: 30 },
  onDestroy: { onDestroy: 'delete' },
  cloudTrailDataEvents: { cloudTrailDataEvents: true },
  consoleTestEvents: { consoleTestEvents: 'new-registry' },
  intakeSources: { intakeSources: [{ name: 'web' }] },
  databases: { databases: ['app', 'shop'] },
  schedule: { schedule: 'none' },
  timeZone: { timeZone: 'Europe/Berlin' },
  backupConcurrency: { backupConcurrency: 4 },
  proofEvery: { proofEvery: 2 },
  proofMaxAgeHours: { proofMaxAgeHours: 50 },
  runMaxGapHours: { runMaxGapHours: 50 },
  dashboard: { dashboard: false },
  notifyEmail: { notifyEmail: 'dba@example.com' },
  notifySessions: { notifySessions: 'refused' },
  s3PrefixListId: { s3PrefixListId: 'pl-6da54004' },
  databaseParameters: { databaseParameters: { log_statement: 'ddl' } },
  databaseBackupWindow: { databaseBackupWindow: '01:00-02:00' },
  databaseBackupDays: { databaseBackupDays: 14 },
  jumpHostIdleMinutes: { jumpHostIdleMinutes: 5 },
  accessTargets: { accessTargets: ['10.1.0.0/16:443'] },
  keepDaily: { keepDaily: 14 },
  keepWeekly: { keepWeekly: 8 },
  keepMonthly: { keepMonthly: 24 },
  keepAtLeast: { keepAtLeast: 5 },
  operatorMfa: { operatorMfa: true },
  operatorCidrs: { operatorCidrs: ['192.0.2.0/24'] },
  sessionIdleMinutes: { sessionIdleMinutes: 10 },
  sessionMaxMinutes: { sessionMaxMinutes: 60 },
};

const before = jsonWith({});
const createOnly = new Set<string>();
beforeAll(() => {
  const file = join(directory, 'template.json');
  writeFileSync(file, JSON.stringify(before));
  for (const { rule, at, says } of validator.findings(file)) {
    const property = /^Property '(\w+)' is (conditionally )?create-only/.exec(says)?.[1] ?? '';
    if (rule === 'I9001' && !IN_PLACE.includes(property)) createOnly.add(`${at}.${property}`);
  }
});

const propertiesOf = (template: TemplateJson, id: string): Readonly<Record<string, unknown>> =>
  template.Resources[id]?.Properties ?? {};

/** Properties of what is frozen that differ and cannot be changed in place. */
function replacedBy(settings: object): string[] {
  const after = jsonWith(settings);
  return Object.keys(FROZEN).flatMap((id) => {
    const [was, is] = [propertiesOf(before, id), propertiesOf(after, id)];
    const readable = id.replace(/[0-9A-F]{8}$/, '');
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .filter((name) => !isDeepStrictEqual(was[name], is[name]))
      .map((name) => `${readable}.${name}`)
      .filter((property) => createOnly.has(property));
  });
}

test('the schemas were read: they name what cannot change', () => {
  for (const property of [
    'DatabaseInstance.DBName',
    'DatabaseInstance.KmsKeyId',
    'BackupsBucketPolicy.Bucket',
  ])
    expect(createOnly).toContain(property);
  expect(createOnly).not.toContain('DatabaseInstance.AllocatedStorage');
});

test.each(SETTING_NAMES.filter((name) => CHANGES[name] !== undefined))(
  '%s: a change keeps the logical ids of what holds data',
  (name) => {
    const { Resources } = jsonWith(CHANGES[name] ?? {});
    expect(Object.fromEntries(Object.keys(FROZEN).map((id) => [id, Resources[id]?.Type]))).toEqual(FROZEN);
  },
);

test.each(SETTING_NAMES.filter((name) => CHANGES[name] !== undefined))(
  '%s: a change replaces nothing by surprise, or its line in the table says so',
  (name) => {
    const replaced = replacedBy(CHANGES[name] ?? {});
    expect(replaced).toEqual(REPLACES[name] ?? []);
    if (replaced.length > 0) expect(meaningOf(name)).toContain('a change is refused');
  },
);

test('every setting was changed, but for those that cannot be by an update', () => {
  const missing = SETTING_NAMES.filter((name) => CHANGES[name] === undefined && !NO_UPDATE.test(name));
  expect(missing).toEqual([]);
});

test('names are given where a replacement must fail instead, and nowhere else', () => {
  const named = Object.keys(FROZEN).flatMap((id) =>
    Object.keys(propertiesOf(before, id)).filter((name) =>
      /^(BucketName|DBInstanceIdentifier|DBSubnetGroupName)$/.test(name),
    ),
  );
  expect(named).toEqual(['DBInstanceIdentifier', 'DBSubnetGroupName']);
});
