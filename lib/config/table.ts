import { meaningOf, SETTING_NAMES, settingsSchema } from './schema';

function cell(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  const text = Array.isArray(value)
    ? value.join(',')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
  return `\`${text}\``;
}

/** The settings as a Markdown table: key, default, meaning. */
export function settingsTable(): string {
  const defaults: Readonly<Record<string, unknown>> = settingsSchema.parse({});
  const rows = SETTING_NAMES.map((name) => `| \`${name}\` | ${cell(defaults[name])} | ${meaningOf(name)} |`);
  return ['| key | default | meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}
