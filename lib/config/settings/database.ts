import { z } from 'zod';
import { ENGINES } from '../../../contract/engines';
import { readAuthorities } from '../authorities';
import { VERSIONS } from '../engine-versions';
import { oneOf, whole, words, yesOrNo } from './kinds';

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

const DATABASE_NAME =
  "must be 1 to 63 letters, digits and underscores, beginning with a letter, and no name of the server's own (rdsadmin, template0, template1, mysql, sys, …)";

/** Name of a database. */
export const databaseNameRule = z
  .string(DATABASE_NAME)
  .regex(
    /^(?!(rdsadmin|template[01]|mysql|sys|innodb|information_schema|performance_schema)$)[A-Za-z][A-Za-z0-9_]{0,62}$/,
    DATABASE_NAME,
  );

/** Settings of the database. */
export const databaseSettings = {
  engine: oneOf(ENGINES, 'postgres').describe(
    '`postgres`, `mysql`, `mariadb`; a change is refused, since another server would be another database',
  ),
  /** Its form depends on the engine, and so does its default. */
  engineVersion: z
    .string('must be a text, in quotes, such as "18"')
    .optional()
    .describe(
      'major (RDS chooses the minor) or full version (`17.11`); the newest major that Amazon Linux has tools for: ' +
        ENGINES.map((engine) => `\`${VERSIONS[engine].standard}\` for \`${engine}\``).join(', '),
    ),
  instanceClass: words(
    /^(?!db\.)[a-z][a-z0-9-]*\.[a-z0-9]+$/,
    'must be an RDS instance class without "db.", such as t4g.micro',
    't4g.micro',
  ).describe('RDS instance class, without `db.`'),
  storageGiB: whole(20, 65_536, 'GiB', 20).describe("size of the database's gp3 storage"),
  multiAz: yesOrNo(false).describe('a standby in a second zone, at twice the price'),
  databaseName: databaseNameRule
    .default('app')
    .describe(
      'name of the database that is created and backed up; a change is refused, since it would replace the server',
    ),
  /** Given as a path; holds the certificates themselves once read. */
  databaseCa: authorities
    .optional()
    .describe('PEM file of further certificate authorities to trust for the database, read at synth'),
  deletionProtection: yesOrNo(false).describe('refuses to delete the database, and with it the stack'),
} as const;
