import { z } from 'zod';
import { VERSIONS } from './engine-versions';
import { RULES } from './rules';
import { backupSettings, OBJECT_LOCK_DAYS } from './settings/backups';
import { boxSettings } from './settings/boxes';
import { databaseSettings } from './settings/database';
import { intakeSettings } from './settings/intake';
import { words } from './settings/kinds';
import { networkSettings } from './settings/network';
import { peopleSettings } from './settings/people';
import { withSuggestion } from './suggest';
import { workflowSettings } from './settings/workflow';

const shape = {
  /** Prefix of names, name of the stack. */
  name: words(
    /^(?=.{1,20}$)[a-z](-?[a-z0-9])*$/,
    'must be 1 to 20 lowercase letters, digits and single dashes, beginning with a letter',
    'drawbridge',
  ).describe('name of the stack and prefix of names; several can stand side by side'),
  ...networkSettings,
  ...databaseSettings,
  ...boxSettings,
  ...backupSettings,
  ...intakeSettings,
  ...workflowSettings,
  ...peopleSettings,
} as const;

/** Names of all settings, in the order of the documentation. */
export const SETTING_NAMES = Object.keys(shape) as readonly SettingName[];

const alone = z.strictObject(shape, {
  error: (issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown setting ${issue.keys.map((key) => withSuggestion(key, [...SETTING_NAMES, 'drawbridge'])).join(', ')}: ` +
        'accepted are the settings listed below, spelled exactly so'
      : 'must be an object: {"drawbridge": {"name": "…", …}}',
});

const together = RULES.reduce(
  (schema, { setting, problem }) =>
    schema.refine((settings) => problem(settings) === undefined, {
      path: [setting],
      error: ({ input }) => problem(input),
      when: () => true,
    }),
  alone,
);

/** Every setting, with its default. */
export const settingsSchema = together.transform((settings) => ({
  ...settings,
  engineVersion: settings.engineVersion ?? VERSIONS[settings.engine].standard,
  objectLockDays: settings.objectLockDays ?? OBJECT_LOCK_DAYS,
  databases: settings.databases ?? [settings.databaseName],
}));

/** What the app is told, checked and complete. Durations are in minutes or days, sizes in GiB, as the names say. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;

/** Name of a setting. */
export type SettingName = keyof typeof shape;

/** What a setting means, in a line of Markdown. */
export const meaningOf = (name: SettingName): string => shape[name].description ?? '';

/** What a setting holds, for reading it from text. */
export function kindOf(name: SettingName): 'number' | 'boolean' | 'list' | 'json' | 'text' {
  const schema: z.ZodType = shape[name];
  const inner =
    schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.def.innerType : schema;
  if (inner instanceof z.ZodNumber) return 'number';
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodArray) return 'json';
  return inner instanceof z.ZodTuple ? 'list' : 'text';
}
