import { EXIT } from '../contract/exit-codes';
import { BACKUPS } from '../contract/keys';
import {
  MISSING_ROLES,
  type MissingRoles,
  RESTORABLE_NAME,
  RESTORABLE_NAME_WORDS,
} from '../contract/restore';
import type { ProveWords } from './prove';
import type { RestoreWords } from './restore';
import { Stop } from './stop';

/** What the program was asked to do. */
export type Words =
  | { readonly command: 'backup'; readonly json: boolean }
  | (ProveWords & { readonly command: 'prove'; readonly json: boolean })
  | { readonly command: 'one-time-key'; readonly json: boolean; readonly prefix: string }
  | (RestoreWords & { readonly command: 'restore'; readonly json: boolean });

const USAGE = [
  'usage: jumpbox backup [--json]',
  '       jumpbox prove [--prefix backups/<database>/<start>_<instance id>/] [--every n] [--keys …] [--json]',
  '       jumpbox restore [--prefix …] [--into database] [--over database] [--jobs n] [--roles refuse|create|skip] [--keys …] [--json]',
  '       jumpbox one-time-key --prefix … [--json]',
  'Without a prefix the newest backup is taken; with --every it is proven only when no other of the newest n is.',
  '--keys are those of an encrypted backup, encrypted to the one-time key that was made for it on this box.',
  '--json prints the result on one line.',
].join('\n');

const refuse = (problem: string): never => {
  throw new Stop(EXIT.usage, `${problem}\n${USAGE}`);
};

function readPrefix(value: string | undefined): string {
  if (value === undefined) return refuse('--prefix needs a value.');
  const prefix = value.endsWith('/') ? value : `${value}/`;
  if (!prefix.startsWith(BACKUPS)) return refuse(`--prefix must begin with ${BACKUPS}, but is ${value}.`);
  return prefix;
}

function readEvery(value: string | undefined): number {
  if (value !== undefined && /^[1-9]\d{0,2}$/.test(value)) return Number(value);
  return refuse(`--every must be a whole number from 1 to 999, but is ${value ?? 'missing'}.`);
}

function readName(option: string, value: string | undefined): string {
  if (value !== undefined && RESTORABLE_NAME.test(value)) return value;
  return refuse(`${option} must be ${RESTORABLE_NAME_WORDS}, but is ${value ?? 'missing'}.`);
}

function readJobs(value: string | undefined): number {
  if (value !== undefined && /^[1-9]\d?$/.test(value)) return Number(value);
  return refuse(`--jobs must be a whole number from 1 to 99, but is ${value ?? 'missing'}.`);
}

function readKeys(value: string | undefined): string {
  if (value !== undefined && /^[A-Za-z0-9+/]+={0,2}$/.test(value)) return value;
  return refuse('--keys must be base64.');
}

function readRoles(value: string | undefined): MissingRoles {
  const roles = MISSING_ROLES.find((choice) => choice === value);
  return roles ?? refuse(`--roles must be one of ${MISSING_ROLES.join(', ')}, but is ${value ?? 'missing'}.`);
}

/** Options besides --json, which every command takes. */
const OPTIONS = {
  backup: [],
  prove: ['--prefix', '--every', '--keys'],
  restore: ['--prefix', '--into', '--over', '--jobs', '--roles', '--keys'],
  'one-time-key': ['--prefix'],
} as const;

const isCommand = (word: string): word is keyof typeof OPTIONS => word in OPTIONS;

/** What follows each option; the last counts. */
function read(
  command: keyof typeof OPTIONS,
  rest: readonly string[],
): ReadonlyMap<string, string | undefined> {
  const known: readonly string[] = OPTIONS[command];
  const given = new Map<string, string | undefined>();
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? '';
    if (word === '--json') given.set(word, undefined);
    else if (known.includes(word)) given.set(word, rest[(at += 1)]);
    else return refuse(`${command} does not take ${word}.`);
  }
  return given;
}

/**
 * Reads the command line.
 *
 * @param argv - without the program's own name
 * @throws Stop with `EXIT.usage` when a word is unknown
 */
export function parseWords(argv: readonly string[]): Words {
  const [command, ...rest] = argv;
  if (command === undefined) return refuse('A command is needed.');
  if (!isCommand(command)) return refuse(`There is no command ${command}.`);
  const given = read(command, rest);
  const option = <T>(name: string, reading: (value: string | undefined) => T): T | undefined =>
    given.has(name) ? reading(given.get(name)) : undefined;
  const json = given.has('--json');
  const prefix = option('--prefix', readPrefix);
  switch (command) {
    case 'backup':
      return { command, json };
    case 'one-time-key':
      return { command, json, prefix: prefix ?? refuse('--prefix is needed.') };
    case 'prove':
      return {
        command,
        json,
        prefix,
        every: option('--every', readEvery) ?? 1,
        keys: option('--keys', readKeys),
      };
    case 'restore':
      return {
        command,
        json,
        prefix,
        into: option('--into', (value) => readName('--into', value)),
        over: option('--over', (value) => readName('--over', value)),
        jobs: option('--jobs', readJobs),
        roles: option('--roles', readRoles) ?? 'refuse',
        keys: option('--keys', readKeys),
      };
  }
}
