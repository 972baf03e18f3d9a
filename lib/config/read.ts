import type { Node } from 'constructs';
import { parseOrRefuse } from '../../contract/problems';
import { kindOf, SETTING_NAMES, type SettingName, type Settings, settingsSchema } from './schema';

/** Key of the object in the context of cdk.json. */
const OBJECT = 'drawbridge';

const ACCEPTED =
  `${SETTING_NAMES.join(', ')}.\n` +
  `Correct them in cdk.json under "context": {"${OBJECT}": {…}}, or on the command line with -c key=value, ` +
  'then run the command again.';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSetting = (key: string): key is SettingName => SETTING_NAMES.some((name) => name === key);

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** `-c` can only hand over text: it becomes what the setting holds where it reads as such; the schema judges the rest. */
function fromText(name: SettingName, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.trim();
  switch (kindOf(name)) {
    case 'number':
      return /^\d+$/.test(text) ? Number(text) : value;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : value;
    case 'list':
      return text.split(',').map((item) => item.trim());
    case 'json':
      return fromJson(text);
    default:
      return value;
  }
}

/** CDK's own keys have a colon or a slash in them: feature flags, options, what lookups found. These have neither. */
const PLAIN_KEYS_OF_CDK: readonly string[] = ['acknowledged-issue-numbers', 'assets-ecr-repository-name'];

const isOfCdk = (key: string): boolean =>
  (/[:/]/.test(key) && !/^drawbridge\W/i.test(key)) || PLAIN_KEYS_OF_CDK.includes(key);

/**
 * Reads the settings from the context of an app: the object `drawbridge`, and each setting also as a key of its own
 * (`-c key=value`), which wins. Every key that is not CDK's own must be one of ours.
 *
 * @throws RefusedInput naming every problem at once, what is accepted and what to do next
 */
export function readSettings(node: Node): Settings {
  const context = node.getAllContext() as Readonly<Record<string, unknown>>;
  const fromObject = context[OBJECT] ?? {};
  if (!isObject(fromObject)) return parse(fromObject);
  const single = Object.keys(context)
    .filter((key) => key !== OBJECT && !isOfCdk(key))
    .map((key) => [key, isSetting(key) ? fromText(key, context[key]) : context[key]]);
  return parse({ ...fromObject, ...Object.fromEntries(single) });
}

function parse(input: unknown): Settings {
  return parseOrRefuse(settingsSchema, input, `context of this app ("${OBJECT}" settings)`, ACCEPTED);
}
