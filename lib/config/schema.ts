import { z } from 'zod';
import { readAuthorities } from './authorities';

/** `aws:runShellScript` ends after 172,800 seconds at most, and one duration drives everything that may end a box. */
const LONGEST_MINUTES = 2880;

const whole = (min: number, max: number, unit: string, standard: number) => {
  const message = `must be a whole number of ${unit} from ${min} to ${max}`;
  return z.int(message).min(min, message).max(max, message).default(standard);
};
const oneOf = <const T extends readonly [string, ...string[]]>(values: T, standard: T[number]) =>
  z
    .enum(values, `must be one of ${values.join(', ')}`)
    .default(standard as z.core.util.NoUndefined<T[number]>);
const yesOrNo = (standard: boolean) => z.boolean('must be true or false').default(standard);
const words = (pattern: RegExp, message: string, standard: string) =>
  z.string(message).regex(pattern, message).default(standard);

/** Graviton families are named letters, generation, `g`; AL2023's tools do not fit into the 512 MiB of a nano. */
const BOX_TYPE = /^[a-z]+\d+g[a-z]*\.(micro|small|medium|large|\d*xlarge)$/;
const BOX_TYPE_MESSAGE =
  'must be arm64 instance types from micro upwards, such as t4g.micro, m7g.medium (no nano: 512 MiB are too little to install the tools)';

const boxType = z.string(BOX_TYPE_MESSAGE).regex(BOX_TYPE, BOX_TYPE_MESSAGE);

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

const shape = {
  /** Prefix of names, name of the stack. */
  name: words(
    /^(?=.{1,20}$)[a-z](-?[a-z0-9])*$/,
    'must be 1 to 20 lowercase letters, digits and single dashes, beginning with a letter',
    'drawbridge',
  ).describe('name of the stack and prefix of names; several can stand side by side'),
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
  egress: z
    .enum(['ipv6'], 'must be ipv6: other ways out are not supported yet')
    .default('ipv6')
    .describe('how boxes leave: `ipv6`, through an egress-only gateway, without a public address'),
  jumpHost: oneOf(['on-demand', 'always', 'none'], 'on-demand').describe(
    '`on-demand` (none until asked for), `always`, `none`',
  ),
  ttlMinutes: whole(1, LONGEST_MINUTES, 'minutes', 60).describe('life of a box when the request names none'),
  maxTtlMinutes: whole(1, LONGEST_MINUTES, 'minutes', 720).describe(
    'longest life of a box, and so of a backup',
  ),
  maxBoxes: whole(1, 100, 'boxes', 5).describe('boxes that may live at a time'),
  /** Tried in order; one at least. */
  boxTypes: z
    .tuple([boxType], boxType, BOX_TYPE_MESSAGE)
    .default(['t4g.micro', 't4g.small', 't4g.medium'])
    .describe('arm64 instance types of boxes, tried in order'),
  /** The image's own disk is 8 GiB. */
  boxVolumeGiB: whole(8, 16_384, 'GiB', 20).describe('disk of a box: a proof restores into it'),
  zstdLevel: whole(1, 19, 'compression levels', 3).describe('compression of backups, 1 (fast) to 19 (small)'),
  objectLockMode: oneOf(['none', 'governance', 'compliance'], 'governance').describe(
    '`governance`, `compliance` (nobody can shorten it), `none`',
  ),
  objectLockDays: whole(1, 36_500, 'days', 7).describe('days for which a written backup cannot be deleted'),
  flowLogs: yesOrNo(true).describe("records the VPC's connections"),
  deletionProtection: yesOrNo(false).describe('refuses to delete the database, and with it the stack'),
  sweepMinutes: whole(1, 60, 'minutes', 5).describe('minutes between sweeps'),
} as const;

/** Every setting, with its default. */
export const settingsSchema = z
  .strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown setting ${issue.keys.join(', ')}: accepted are the settings listed below, spelled exactly so`
        : 'must be an object: {"drawbridge": {"name": "…", …}}',
  })
  .refine((settings) => settings.ttlMinutes <= settings.maxTtlMinutes, {
    path: ['ttlMinutes'],
    error: 'must not be more than maxTtlMinutes',
    // Checked even when other settings are wrong, so that one message names every problem.
    when: ({ value }) => z.object({ ttlMinutes: z.int(), maxTtlMinutes: z.int() }).safeParse(value).success,
  });

/** What the app is told, checked and complete. Durations are in minutes or days, sizes in GiB, as the names say. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;

/** Name of a setting. */
export type SettingName = keyof typeof shape;

/** Names of all settings, in the order of the documentation. */
export const SETTING_NAMES = Object.keys(shape) as readonly SettingName[];

/** What a setting means, in a line of Markdown. */
export const meaningOf = (name: SettingName): string => shape[name].description ?? '';

/** What a setting holds, for reading it from text. */
export function kindOf(name: SettingName): 'number' | 'boolean' | 'list' | 'text' {
  const schema: z.ZodType = shape[name];
  const inner = schema instanceof z.ZodDefault ? schema.def.innerType : schema;
  if (inner instanceof z.ZodNumber) return 'number';
  if (inner instanceof z.ZodBoolean) return 'boolean';
  return inner instanceof z.ZodTuple ? 'list' : 'text';
}
