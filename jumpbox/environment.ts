import { z } from 'zod';
import { type Engine, ENGINES } from '../contract/engines';
import { BOX_ENVIRONMENT } from '../contract/environment';
import { EXIT } from '../contract/exit-codes';
import { type Format, FORMATS } from '../contract/manifest';
import { Stop } from './stop';

const needed = z.string({ error: 'is missing' }).min(1, 'is empty');
const integer = (min: number, max: number) =>
  needed.regex(/^\d+$/, 'must be a whole number').transform(Number).pipe(z.int().min(min).max(max));

const listOf = (text: string): string[] => text.split(',').filter((one) => one !== '');

/** Names as in {@link BOX_ENVIRONMENT}; the schema's keys are the variables themselves, so that problems name them. */
const schema = z.object({
  [BOX_ENVIRONMENT.region]: needed,
  [BOX_ENVIRONMENT.bucket]: needed,
  [BOX_ENVIRONMENT.engine]: z.enum(ENGINES, `must be one of ${ENGINES.join(', ')}`),
  [BOX_ENVIRONMENT.databaseHost]: needed,
  [BOX_ENVIRONMENT.databasePort]: integer(1, 65_535),
  [BOX_ENVIRONMENT.databaseName]: needed,
  [BOX_ENVIRONMENT.databaseSecretArn]: needed,
  [BOX_ENVIRONMENT.databaseCa]: z.string().optional(),
  [BOX_ENVIRONMENT.scratchDirectory]: needed.regex(/^\//, 'must be an absolute path'),
  [BOX_ENVIRONMENT.zstdLevel]: integer(1, 19),
  [BOX_ENVIRONMENT.format]: z.enum(FORMATS, `must be one of ${FORMATS.join(', ')}`).default('zstd'),
  [BOX_ENVIRONMENT.archiveSecretArn]: z.string().default(''),
  [BOX_ENVIRONMENT.leaveOutRows]: z.string().default(''),
  [BOX_ENVIRONMENT.ageRecipients]: z.string().default(''),
  [BOX_ENVIRONMENT.keyDirectory]: needed.regex(/^\//, 'must be an absolute path'),
  [BOX_ENVIRONMENT.execution]: z.string().optional(),
});

/** What the programs of a box are told by their environment, checked. */
export interface BoxSettings {
  readonly region: string;
  readonly bucket: string;
  readonly engine: Engine;
  readonly databaseHost: string;
  readonly databasePort: number;
  readonly databaseName: string;
  readonly databaseSecretArn: string;
  /** PEM file of further authorities; undefined when only those of RDS are trusted. */
  readonly databaseCa: string | undefined;
  readonly scratchDirectory: string;
  /** 1 (fast) to 19 (small). */
  readonly zstdLevel: number;
  /** Of the backups that are made here. */
  readonly format: Format;
  /** Secret with the password of archives; undefined where none is given. */
  readonly archiveSecretArn: string | undefined;
  /** Patterns of tables whose rows stay out of backups: see `chooseLeftOut`. */
  readonly leaveOutRows: readonly string[];
  /** Who can read the backups; none when they are not encrypted on the box. */
  readonly ageRecipients: readonly string[];
  /** In memory. */
  readonly keyDirectory: string;
  /** ARN of the execution that asks; undefined when somebody asks by hand. */
  readonly execution: string | undefined;
}

/**
 * Reads the environment once, at the door.
 *
 * @throws Stop with `EXIT.usage` naming every problem
 */
export function readEnvironment(environment: NodeJS.ProcessEnv): BoxSettings {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `- ${issue.path.map(String).join('.')} ${issue.message}`,
    );
    throw new Stop(
      EXIT.usage,
      ['The environment of this box was refused; nothing was begun.', ...problems].join('\n') +
        '\nThe user data writes these variables into box.env: read that file into the environment first.',
    );
  }
  const values = parsed.data;
  const ca = values[BOX_ENVIRONMENT.databaseCa];
  return Object.freeze({
    region: values[BOX_ENVIRONMENT.region],
    bucket: values[BOX_ENVIRONMENT.bucket],
    engine: values[BOX_ENVIRONMENT.engine],
    databaseHost: values[BOX_ENVIRONMENT.databaseHost],
    databasePort: values[BOX_ENVIRONMENT.databasePort],
    databaseName: values[BOX_ENVIRONMENT.databaseName],
    databaseSecretArn: values[BOX_ENVIRONMENT.databaseSecretArn],
    databaseCa: ca === undefined || ca === '' ? undefined : ca,
    scratchDirectory: values[BOX_ENVIRONMENT.scratchDirectory],
    zstdLevel: values[BOX_ENVIRONMENT.zstdLevel],
    format: values[BOX_ENVIRONMENT.format],
    archiveSecretArn: values[BOX_ENVIRONMENT.archiveSecretArn] || undefined,
    leaveOutRows: listOf(values[BOX_ENVIRONMENT.leaveOutRows]),
    ageRecipients: listOf(values[BOX_ENVIRONMENT.ageRecipients]),
    keyDirectory: values[BOX_ENVIRONMENT.keyDirectory],
    // The document hands over an empty text when there is none.
    execution: values[BOX_ENVIRONMENT.execution] || undefined,
  });
}
