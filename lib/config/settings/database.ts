import { z } from 'zod';
import { ENGINES } from '../../../contract/engines';
import { readAuthorities } from '../authorities';
import { VERSIONS } from '../../../contract/engine-versions';
import { idOf, matching, oneOf, whole, words, yesOrNo } from './kinds';

const authorities = z.string('must be the path of a PEM file').transform((path, problem) => {
  try {
    return readAuthorities(path);
  } catch (error) {
    problem.addIssue({
      code: 'custom',
      message: `must be the path of a PEM file of certificate authorities: ${error instanceof Error ? error.message : String(error)}`,
    });
    return z.NEVER;
  }
});

const PORT = 'must be a port: a whole number from 1 to 65535';
const PARAMETERS = 'must be an object of names and values in text, such as {"work_mem": "8192"}';

const DATABASE_NAME =
  "must be 1 to 63 letters, digits and underscores, beginning with a letter, and no name of the server's own (rdsadmin, template0, template1, mysql, sys, …)";

/** Name of a database. */
export const databaseNameRule = z
  .string(DATABASE_NAME)
  .regex(
    /^(?!(rdsadmin|template[01]|mysql|sys|innodb|information_schema|performance_schema)$)[A-Za-z][A-Za-z0-9_]{0,62}$/,
    DATABASE_NAME,
  );

/** Settings of the database, whoever made it. */
const anyDatabase = {
  engine: oneOf(ENGINES, 'postgres').describe(
    '`postgres`, `mysql`, `mariadb`; a change is refused, since another server would be another database',
  ),
  /** Its form depends on the engine, and so does its default. */
  engineVersion: z
    .string('must be a text, in quotes, such as "18"')
    .optional()
    .describe(
      'full version (`17.11`), or the major where that is enough (PostgreSQL, or a database that exists); by default ' +
        ENGINES.map((engine) => `\`${VERSIONS[engine].standard}\` for \`${engine}\``).join(', ') +
        '; another version upgrades the database in place, with minutes of standstill',
    ),
  databaseName: databaseNameRule
    .default('app')
    .describe(
      'name of the database that is created and backed up; a change is refused, since it would replace the server',
    ),
  /** Given as a path; holds the certificates themselves once read. */
  databaseCa: authorities
    .optional()
    .describe('PEM file of further certificate authorities to trust for the database, read at synth'),
} as const;

/** Settings of the database that the stack makes. */
const ownDatabase = {
  instanceClass: words(
    /^(?!db\.)[a-z][a-z0-9-]*\.[a-z0-9]+$/,
    'must be an RDS instance class without "db.", such as t4g.micro',
    't4g.micro',
  ).describe('RDS instance class, without `db.`'),
  storageGiB: whole(20, 65_536, 'GiB', 20).describe("size of the database's gp3 storage"),
  multiAz: yesOrNo(false).describe(
    'a standby of the database, and interface endpoints, in a second zone, at twice the price',
  ),
  databaseParameters: z
    .record(z.string().regex(/^[a-z][\w.]*$/, PARAMETERS), z.string(PARAMETERS), PARAMETERS)
    .default({})
    .describe('server parameters beyond the defaults, such as `{"work_mem": "8192"}`'),
  databaseBackupDays: whole(1, 35, 'days', 7).describe(
    'days for which RDS keeps its own backups, for restores to a point in time; no `backups/` of ours',
  ),
  databaseBackupWindow: matching(
    /^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/,
    'must be a span of half an hour or more in UTC, such as "02:00-02:30"',
  )
    .optional()
    .describe('when RDS takes them, in UTC, such as `02:00-02:30`; RDS chooses'),
  deletionProtection: yesOrNo(false).describe('refuses to delete the database, and with it the stack'),
} as const;

/** Settings of a database that exists. */
const existingDatabase = {
  databaseHost: matching(
    /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
    'must be a host name or an IPv4 address, without port',
  )
    .optional()
    .describe('an existing database instead: its host, as its certificate names it'),
  databasePort: z
    .int(PORT)
    .min(1, PORT)
    .max(65_535, PORT)
    .optional()
    .describe("its port; the engine's usual one"),
  databaseSecurityGroupId: idOf('sg', 'must be the id of a security group, such as sg-0123456789abcdef0')
    .optional()
    .describe('its security group, which gets rules that admit boxes and jump host'),
  databaseSecretArn: matching(
    /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+-[A-Za-z0-9]{6}$/,
    'must be the whole ARN of a secret, which ends in a dash and six characters',
  )
    .optional()
    .describe('its secret: JSON with `username` and `password`'),
  databaseSecretKeyArn: matching(
    /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[a-z0-9-]+$/,
    'must be the ARN of a KMS key (not of an alias)',
  )
    .optional()
    .describe('KMS key of that secret, when it is not `aws/secretsmanager`'),
} as const;

/** Names of the settings that mean nothing where the database exists already. */
export const OWN_DATABASE = Object.keys(ownDatabase);

/** Names of the settings that mean nothing where the stack makes the database. */
export const EXISTING_DATABASE = Object.keys(existingDatabase);

/** Settings of the database. */
export const databaseSettings = { ...anyDatabase, ...ownDatabase, ...existingDatabase } as const;
