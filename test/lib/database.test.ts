import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonWith, readable, resourceOf, templateWith } from './synth';

const instance = resourceOf(jsonWith(), 'AWS::RDS::DBInstance');
const propertiesWith = (settings: object) =>
  resourceOf(jsonWith(settings), 'AWS::RDS::DBInstance').Properties;

describe('database', () => {
  test('is small, private, encrypted and backed up, on gp3 (aws-facts 13.17)', () => {
    expect(instance.Properties).toMatchObject({
      Engine: 'postgres',
      EngineVersion: '18',
      DBInstanceClass: 'db.t4g.micro',
      AllocatedStorage: '20',
      StorageType: 'gp3',
      StorageEncrypted: true,
      MultiAZ: false,
      PubliclyAccessible: false,
      BackupRetentionPeriod: 7,
      CopyTagsToSnapshot: true,
      DBName: 'app',
    });
    expect(readable(instance.Properties.KmsKeyId)).toBe('{EncryptionKey.Arn}');
  });

  test('has a password that RDS makes and rotates, and admits IAM authentication (aws-facts 0.8)', () => {
    expect(instance.Properties).toMatchObject({
      ManageMasterUserPassword: true,
      EnableIAMDatabaseAuthentication: true,
    });
    expect(instance.Properties).not.toHaveProperty('MasterUserPassword');
    templateWith().resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  test('demands TLS', () => {
    templateWith().hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: 'postgres18',
      Parameters: { 'rds.force_ssl': '1' },
    });
  });

  test('leaves a final snapshot, and is protected from deletion by setting', () => {
    expect(instance).toMatchObject({ DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' });
    expect(instance.Properties.DeletionProtection).toBe(false);
    expect(propertiesWith({ deletionProtection: true }).DeletionProtection).toBe(true);
  });

  test('writes its logs into groups of ours, which are there before it', () => {
    const identifier = JSON.stringify(instance.Properties.DBInstanceIdentifier);
    expect(identifier).toContain('"drawbridge-"');
    expect(identifier).toContain('{"Ref":"AWS::StackId"}');
    expect(instance.Properties.EnableCloudwatchLogsExports).toEqual(['postgresql', 'upgrade']);
    const groups = Object.entries(jsonWith().Resources).filter(([id]) =>
      /^Database(postgresql|upgrade)Logs/.test(id),
    );
    expect(groups).toHaveLength(2);
    for (const [id, { Properties }] of groups) {
      expect(instance.DependsOn).toContain(id);
      const name = JSON.stringify(Properties.LogGroupName);
      expect(name).toContain('/aws/rds/instance/drawbridge-');
      expect(name).toMatch(/\/(postgresql|upgrade)"/);
    }
  });

  test('follows the settings: full version, class, size, zones, name', () => {
    const settings = {
      engineVersion: '17.11',
      instanceClass: 'm7g.large',
      storageGiB: 500,
      multiAz: true,
      databaseName: 'Orders',
    };
    expect(propertiesWith(settings)).toMatchObject({
      EngineVersion: '17.11',
      // A later setting of another major is an upgrade, which RDS refuses otherwise.
      AllowMajorVersionUpgrade: true,
      DBInstanceClass: 'db.m7g.large',
      AllocatedStorage: '500',
      MultiAZ: true,
      DBName: 'Orders',
    });
    templateWith(settings).hasResourceProperties('AWS::RDS::DBParameterGroup', { Family: 'postgres17' });
  });

  test('is told to others by its own address and port, never by a literal', () => {
    const functions = resourceOf(jsonWith(), 'AWS::Lambda::Function', 'LifecycleCreate').Properties;
    const { Variables } = functions.Environment as { Variables: Record<string, unknown> };
    expect(readable(Variables.DRAWBRIDGE_DATABASE_HOST)).toBe(
      '{DatabaseInstanceAA8A5FDE.Endpoint.Address}'.replace('AA8A5FDE', ''),
    );
    expect(readable(Variables.DRAWBRIDGE_DATABASE_PORT)).toBe('{DatabaseInstance.Endpoint.Port}');
    const document = JSON.stringify(resourceOf(jsonWith(), 'AWS::SSM::Document', 'SessionsConnect'));
    expect(document).not.toContain('5432');
  });
});

describe.each([
  ['mysql', '8.4.11', ['mariadb114', 'mariadb114-client-utils']],
  ['mariadb', '11.4.13', ['mariadb114', 'mariadb114-client-utils', 'mariadb114-server']],
  ['mariadb', '10.11.19', ['mariadb1011', 'mariadb1011-client-utils', 'mariadb1011-server']],
])('database of %s %s', (engine, engineVersion, packages) => {
  const settings = { engine, engineVersion };

  test('demands TLS, admits IAM, and exports the logs that hold no data', () => {
    expect(propertiesWith(settings)).toMatchObject({
      Engine: engine,
      EngineVersion: engineVersion,
      EnableIAMDatabaseAuthentication: true,
      EnableCloudwatchLogsExports: ['error', 'slowquery'],
    });
    templateWith(settings).hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: `${engine}${engineVersion.replace(/\.\d+$/, '')}`,
      Parameters: {
        require_secure_transport: '1',
        slow_query_log: '1',
        log_output: 'FILE',
        log_bin_trust_function_creators: '1',
      },
    });
  });

  test('is reached at its own port', () => {
    const ports = Object.values(jsonWith(settings).Resources)
      .filter(({ Type }) => /SecurityGroup(In|E)gress$/.test(Type))
      .map(({ Properties }) => Properties.ToPort);
    // In and out: of boxes for access, backups and restores, and of the jump host.
    expect(ports).toEqual(Array(8).fill(3306));
  });

  test('has its tools on the backup box, which is told the engine', () => {
    const { LaunchTemplateData } = resourceOf(jsonWith(settings), 'AWS::EC2::LaunchTemplate', 'BackupBox')
      .Properties as { LaunchTemplateData: { UserData: unknown } };
    const text = readable(LaunchTemplateData.UserData);
    expect(text).toContain(`dnf install -y nodejs24 ${packages.join(' ')} zstd\n`);
    expect(text).toContain(`DRAWBRIDGE_ENGINE='${engine}'`);
  });
});

describe('settings of the database', () => {
  test('set parameters, but never those that demand TLS', () => {
    templateWith({ databaseParameters: { work_mem: '8192' } }).hasResourceProperties(
      'AWS::RDS::DBParameterGroup',
      { Parameters: { 'rds.force_ssl': '1', work_mem: '8192' } },
    );
    templateWith({ engine: 'mysql', databaseParameters: { slow_query_log: '0' } }).hasResourceProperties(
      'AWS::RDS::DBParameterGroup',
      { Parameters: { require_secure_transport: '1', slow_query_log: '0' } },
    );
  });

  test('say how long and when RDS takes its own backups', () => {
    expect(propertiesWith({})).not.toHaveProperty('PreferredBackupWindow');
    expect(propertiesWith({ databaseBackupDays: 14, databaseBackupWindow: '23:45-00:30' })).toMatchObject({
      BackupRetentionPeriod: 14,
      PreferredBackupWindow: '23:45-00:30',
    });
  });
});

describe('a further certificate authority', () => {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-ca-'));
  const path = join(directory, 'ca.pem');
  beforeAll(() => {
    writeFileSync(path, rootCertificates[0] ?? '');
  });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  test('reaches the backup box, with the variable that names it', () => {
    const dataOf = (box: string): string => {
      const { LaunchTemplateData } = resourceOf(
        jsonWith({ databaseCa: path }),
        'AWS::EC2::LaunchTemplate',
        box,
      ).Properties as { LaunchTemplateData: { UserData: unknown } };
      return readable(LaunchTemplateData.UserData);
    };
    expect(dataOf('BackupBox')).toContain("DRAWBRIDGE_DATABASE_CA='/opt/drawbridge/database-ca.pem'");
    expect(dataOf('BackupBox')).toContain(new X509Certificate(rootCertificates[0] ?? '').toString().trim());
    expect(dataOf('AccessBox')).not.toContain('CERTIFICATE');
  });

  test('is refused when there are more than user data has room for', () => {
    writeFileSync(path, rootCertificates.slice(0, 12).join('\n'));
    expect(() => jsonWith({ databaseCa: path, name: 'other' })).toThrow(
      /could reach \d+ bytes; EC2 accepts 16384. Give fewer certificates in databaseCa/,
    );
  });
});
