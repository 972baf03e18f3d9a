/** Ids of an imaginary VPC and a database in it, as the settings take them. */
export const EXISTING_NETWORK = {
  vpcId: 'vpc-0123456789abcdef0',
  boxSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  s3EndpointId: 'vpce-0123456789abcdef0',
} as const;

/** See {@link EXISTING_NETWORK}. */
export const EXISTING_DATABASE = {
  databaseHost: 'orders.cluster-c0123456789a.eu-west-1.rds.amazonaws.com',
  databasePort: 5433,
  databaseSecurityGroupId: 'sg-0123456789abcdef0',
  databaseSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders/backup-AbCdEf',
  databaseSecretKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-4def-8123-456789abcdef',
  engineVersion: '17',
} as const;

/** Secret with the password of archives. */
export const ARCHIVE_SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:archives-GhIjKl';

/** What is judged: every setting that changes which resources there are, or their policies, in both positions. */
export const CONFIGURATIONS = {
  default: {},
  bare: {
    jumpHost: 'none',
    objectLockMode: 'none',
    flowLogs: false,
    schedule: 'none',
    onDestroy: 'delete',
    dashboard: false,
  },
  full: {
    jumpHost: 'always',
    objectLockMode: 'compliance',
    multiAz: true,
    deletionProtection: true,
    intakeSources: [
      { name: 'web', principal: 'arn:aws:iam::123456789012:role/WebVm', refuse: ['**/*.key'] },
      { name: 'logs' },
    ],
    databases: ['app', 'orders'],
    notifyEmail: 'owner@example.com',
    notifySessions: 'all',
    cloudTrailDataEvents: true,
    consoleTestEvents: 'new-registry',
  },
  public: {
    egress: 'public-ipv4',
    engine: 'mariadb',
    onDestroy: 'delete',
    cloudTrailDataEvents: true,
    consoleTestEvents: 'existing-registry',
  },
  endpoints: { egress: 'endpoints', engine: 'mysql', databaseBackupWindow: '02:00-02:30' },
  existing: { ...EXISTING_NETWORK, ...EXISTING_DATABASE, format: '7z', archiveSecretArn: ARCHIVE_SECRET },
} as const satisfies Readonly<Record<string, object>>;

/** Name of one of {@link CONFIGURATIONS}. */
export type ConfigurationName = keyof typeof CONFIGURATIONS;

/** For `describe.each`. */
export const CONFIGURATION_NAMES = Object.keys(CONFIGURATIONS) as ConfigurationName[];
