import { EXIT } from '../contract/exit-codes';
import { BACKUPS } from '../contract/keys';
import { MISSING_ROLES, RESTORABLE_NAME, RESTORABLE_NAME_WORDS } from '../contract/restore';
import type { RestoreWords } from './restore';
import { Stop } from './stop';

/** What the program was asked to do. */
export type Words =
  | { readonly command: 'backup'; readonly json: boolean }
  | {
      readonly command: 'prove';
      readonly json: boolean;
      readonly prefix: string | undefined;
      /** Proves only when so many backups have none proven among them. */
      readonly every: number;
    }
  | (RestoreWords & { readonly command: 'restore'; readonly json: boolean });

const USAGE = [
  'usage: jumpbox backup [--json]',
  '       jumpbox prove [--prefix backups/<database>/<start>_<instance id>/] [--every n] [--json]',
  '       jumpbox restore [--prefix …] [--into database] [--over database] [--jobs n] [--roles refuse|create|skip] [--json]',
  'Without a prefix the newest backup is taken; with --every it is proven only when no other of the newest n is.',
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

function readRestore(rest: readonly string[]): Words {
  let words: Words & { readonly command: 'restore' } = {
    command: 'restore',
    json: false,
    prefix: undefined,
    into: undefined,
    over: undefined,
    jobs: undefined,
    roles: 'refuse',
  };
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? '';
    const value = (): string | undefined => rest[(at += 1)];
    if (word === '--json') words = { ...words, json: true };
    else if (word === '--prefix') words = { ...words, prefix: readPrefix(value()) };
    else if (word === '--jobs') words = { ...words, jobs: readJobs(value()) };
    else if (word === '--into') words = { ...words, into: readName(word, value()) };
    else if (word === '--over') words = { ...words, over: readName(word, value()) };
    else if (word === '--roles') {
      const given = value();
      const roles = MISSING_ROLES.find((choice) => choice === given);
      if (roles === undefined)
        return refuse(`--roles must be one of ${MISSING_ROLES.join(', ')}, but is ${given ?? 'missing'}.`);
      words = { ...words, roles };
    } else return refuse(`restore does not take ${word}.`);
  }
  return words;
}

/**
 * Reads the command line.
 *
 * @param argv - without the program's own name
 * @throws Stop with `EXIT.usage` when a word is unknown
 */
export function parseWords(argv: readonly string[]): Words {
  const [command, ...rest] = argv;
  if (command === 'restore') return readRestore(rest);
  if (command !== 'backup' && command !== 'prove') {
    return refuse(command === undefined ? 'A command is needed.' : `There is no command ${command}.`);
  }
  let json = false;
  let prefix: string | undefined;
  let every = 1;
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? '';
    if (word === '--json') json = true;
    else if (word === '--prefix' && command === 'prove') prefix = readPrefix(rest[(at += 1)]);
    else if (word === '--every' && command === 'prove') every = readEvery(rest[(at += 1)]);
    else return refuse(`${command} does not take ${word}.`);
  }
  return command === 'backup' ? { command, json } : { command, json, prefix, every };
}
