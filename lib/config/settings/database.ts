import { z } from 'zod';
import { readAuthorities } from '../authorities';
import { whole, words, yesOrNo } from './kinds';

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

/** Settings of the database. */
export const databaseSettings = {
  engine: z
    .enum(['postgres'], 'must be postgres: other engines are not supported yet')
    .default('postgres')
    .describe('database engine; only `postgres` for now'),
  /** Amazon Linux has the client tools of these majors (new in 2023.11: 18). */
  engineVersion: words(
    /^1[5-8](\.\d{1,2})?$/,
    'must be a PostgreSQL major from 15 to 18, such as "18", or a full version such as "17.11", in quotes',
    '18',
  ).describe('major (`18`: RDS chooses the minor) or full version (`17.11`)'),
  instanceClass: words(
    /^(?!db\.)[a-z][a-z0-9-]*\.[a-z0-9]+$/,
    'must be an RDS instance class without "db.", such as t4g.micro',
    't4g.micro',
  ).describe('RDS instance class, without `db.`'),
  storageGiB: whole(20, 65_536, 'GiB', 20).describe("size of the database's gp3 storage"),
  multiAz: yesOrNo(false).describe('a standby in a second zone, at twice the price'),
  databaseName: words(
    /^(?!rdsadmin$|template[01]$)[A-Za-z][A-Za-z0-9_]{0,62}$/,
    'must be 1 to 63 letters, digits and underscores, beginning with a letter, and none of rdsadmin, template0, template1',
    'app',
  ).describe('name of the database that is created and backed up'),
  /** Given as a path; holds the certificates themselves once read. */
  databaseCa: authorities
    .optional()
    .describe('PEM file of further certificate authorities to trust for the database, read at synth'),
  deletionProtection: yesOrNo(false).describe('refuses to delete the database, and with it the stack'),
} as const;
