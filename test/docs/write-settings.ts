/** `npm run docs:settings`: puts the settings, as the schema has them, into the README. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingsTable } from '../../lib/config/table';

const README = join(__dirname, '..', '..', 'README.md');
const TABLE = /(<!-- settings:begin -->\n)[^]*(<!-- settings:end -->)/;

const text = readFileSync(README, 'utf8');
if (!TABLE.test(text)) throw new Error('README.md has no place for the settings.');
writeFileSync(
  README,
  text.replace(TABLE, (_, begin: string, end: string) => `${begin}\n${settingsTable()}\n${end}`),
);
