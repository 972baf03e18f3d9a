/**
 * Names of environment variables that one side sets and another reads. Values are strings; units are in the name.
 */
export const FUNCTION_ENVIRONMENT = {
  /** ARN of the stack; the value of the ownership tag. */
  stackId: 'DRAWBRIDGE_STACK_ID',
  /** Prefix of names. */
  name: 'DRAWBRIDGE_NAME',
  /** JSON: purpose → `{ "launchTemplateId": …, "version": "3" }`. */
  launchTemplates: 'DRAWBRIDGE_LAUNCH_TEMPLATES',
  /** Comma-separated, tried in order. */
  subnetIds: 'DRAWBRIDGE_SUBNET_IDS',
  /** Comma-separated, tried in order. */
  instanceTypes: 'DRAWBRIDGE_INSTANCE_TYPES',
  ttlMinutes: 'DRAWBRIDGE_TTL_MINUTES',
  maxTtlMinutes: 'DRAWBRIDGE_MAX_TTL_MINUTES',
  maxBoxes: 'DRAWBRIDGE_MAX_BOXES',
  databaseHost: 'DRAWBRIDGE_DATABASE_HOST',
  databasePort: 'DRAWBRIDGE_DATABASE_PORT',
  bucket: 'DRAWBRIDGE_BUCKET',
  /** Comma-separated. */
  databases: 'DRAWBRIDGE_DATABASES',
  keepDaily: 'DRAWBRIDGE_KEEP_DAILY',
  keepWeekly: 'DRAWBRIDGE_KEEP_WEEKLY',
  keepMonthly: 'DRAWBRIDGE_KEEP_MONTHLY',
  keepAtLeast: 'DRAWBRIDGE_KEEP_AT_LEAST',
  /** Days for which S3 keeps every object; 0 without lock. */
  lockDays: 'DRAWBRIDGE_LOCK_DAYS',
  /** Intake source whose boxes the function opens and ends, and no others; unset in the operator's functions. */
  source: 'DRAWBRIDGE_SOURCE',
  /** Session document of the shells that are recorded. */
  shellDocument: 'DRAWBRIDGE_SHELL_DOCUMENT',
  /** Session document that forwards a port to the database. */
  connectDocument: 'DRAWBRIDGE_CONNECT_DOCUMENT',
  /** Session document that leads to an intake box's SSH server. */
  intakeDocument: 'DRAWBRIDGE_INTAKE_DOCUMENT',
} as const;

/** What the user data writes into {@link BOX_PATHS.environment} for the programs of a box. */
export const BOX_ENVIRONMENT = {
  region: 'AWS_REGION',
  stackId: 'DRAWBRIDGE_STACK_ID',
  bucket: 'DRAWBRIDGE_BUCKET',
  /** One of `ENGINES`. */
  engine: 'DRAWBRIDGE_ENGINE',
  databaseHost: 'DRAWBRIDGE_DATABASE_HOST',
  databasePort: 'DRAWBRIDGE_DATABASE_PORT',
  databaseName: 'DRAWBRIDGE_DATABASE_NAME',
  databaseSecretArn: 'DRAWBRIDGE_DATABASE_SECRET_ARN',
  /** File of further certificate authorities to trust for the database (PEM); optional. */
  databaseCa: 'DRAWBRIDGE_DATABASE_CA',
  /** Directory on a real disk, for the scratch database of a proof. */
  scratchDirectory: 'DRAWBRIDGE_SCRATCH_DIRECTORY',
  zstdLevel: 'DRAWBRIDGE_ZSTD_LEVEL',
  /** One of `FORMATS`; missing: zstd. */
  format: 'DRAWBRIDGE_FORMAT',
  /** Secret with the password of archives. */
  archiveSecretArn: 'DRAWBRIDGE_ARCHIVE_SECRET_ARN',
  /** Comma-separated patterns of tables whose rows stay out of backups; empty or missing: none. */
  leaveOutRows: 'DRAWBRIDGE_LEAVE_OUT_ROWS',
  /** Comma-separated recipients of age (`age1…`); empty or missing: backups are not encrypted on the box. */
  ageRecipients: 'DRAWBRIDGE_AGE_RECIPIENTS',
  /** Directory in memory for the keys of runs. */
  keyDirectory: 'DRAWBRIDGE_KEY_DIRECTORY',
  /** File of the rules of an intake box. */
  intakeRules: 'DRAWBRIDGE_INTAKE_RULES',
  /** Intake source that the box takes files from. */
  source: 'DRAWBRIDGE_SOURCE',
  /** ARN of the Step Functions execution that asks for the backup; set by the document, empty or missing otherwise. */
  execution: 'DRAWBRIDGE_EXECUTION',
} as const;

/** Where things stand on a box. */
export const BOX_PATHS = {
  /** Shell assignments of {@link BOX_ENVIRONMENT}. */
  environment: '/opt/drawbridge/box.env',
  /** The one bundled program of the box: `node <program> backup | prove`. */
  program: '/opt/drawbridge/jumpbox.cjs',
  databaseCa: '/opt/drawbridge/database-ca.pem',
  scratch: '/var/lib/drawbridge',
  /** `/run` is memory: https://www.freedesktop.org/software/systemd/man/latest/file-hierarchy.html#/run/ */
  keys: '/run/drawbridge',
  /** Rules of an intake box as JSON: see contract/intake.ts. */
  intakeRules: '/opt/drawbridge/intake.json',
  /** The one command that SSH runs on an intake box. */
  intakeCommand: '/opt/drawbridge/intake',
} as const;

/** Program that runs {@link BOX_PATHS.program}; Amazon Linux names it so that several majors stand side by side. */
export const BOX_NODE = 'node-24';
