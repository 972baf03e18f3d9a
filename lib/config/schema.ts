import { z } from 'zod';
import { VERSIONS } from '../../contract/engine-versions';
import { maxAges } from './max-ages';
import { RULES } from './rules';
import { backupSettings, OBJECT_LOCK_DAYS } from './settings/backups';
import { boxSettings } from './settings/boxes';
import { databaseSettings } from './settings/database';
import { intakeSettings } from './settings/intake';
import { words } from './settings/kinds';
import { monitoringSettings } from './settings/monitoring';
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
  ...monitoringSettings,
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

/** What a rule looks at: every setting that is right in itself, defaults included, and the names of those that were given. */
function judge(input: unknown): { setting: string; problem: string }[] {
  const given = z.record(z.string(), z.unknown()).catch({}).parse(input);
  const sound = Object.entries(shape).flatMap(([name, schema]) => {
    const { success, data } = schema.safeParse(given[name]);
    return success ? [[name, data] as const] : [];
  });
  const names = new Set(Object.keys(given));
  return RULES.flatMap(({ setting, problem }) => {
    const found = problem(Object.fromEntries(sound), names);
    return found === undefined ? [] : [{ setting, problem: found }];
  });
}

/** Every setting, with its default, and what they must hold together: every problem is found, not only the first. */
export const settingsSchema = z.unknown().transform((input, context) => {
  const { data, error } = alone.safeParse(input);
  for (const { path, message } of error?.issues ?? [])
    context.issues.push({ code: 'custom', path, message, input });
  for (const { setting, problem } of judge(input))
    context.issues.push({ code: 'custom', path: [setting], message: problem, input });
  return data === undefined || context.issues.length > 0 ? z.NEVER : withDerived(data);
});

/** The defaults that depend on other settings. */
const withDerived = (settings: z.output<typeof alone>) => ({
  ...settings,
  engineVersion: settings.engineVersion ?? VERSIONS[settings.engine].standard,
  objectLockDays: settings.objectLockDays ?? OBJECT_LOCK_DAYS,
  databases: settings.databases ?? [settings.databaseName],
  egress: settings.egress ?? (settings.vpcId === undefined ? ('ipv6' as const) : ('existing' as const)),
  ...maxAges(settings),
  flowLogs: settings.flowLogs && settings.vpcId === undefined,
});

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
  if (inner instanceof z.ZodArray) return inner.element instanceof z.ZodString ? 'list' : 'json';
  if (inner instanceof z.ZodRecord) return 'json';
  return inner instanceof z.ZodTuple ? 'list' : 'text';
}
