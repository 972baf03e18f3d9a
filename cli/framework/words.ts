import { InvalidArgumentError } from 'commander';

/** Reads a whole number between limits; the message names them. */
export function wholeNumber(min: number, max: number, unit: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number of ${unit} from ${min} to ${max}.`);
  };
}

/** A local port; 0 for any that is free. */
export const port = (text: string): number => {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('It must be a port from 0 (any that is free) to 65535.');
};

/** Reads an instance id. */
export function instanceId(text: string): string {
  if (/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(text)) return text;
  throw new InvalidArgumentError('It must be an instance id such as i-0123456789abcdef0.');
}

/** Longest life that any stack allows, in minutes; each stack has its own maximum below it. */
export const MAX_MINUTES = 2_880;

/** Minutes of life. */
export const minutes = wholeNumber(1, MAX_MINUTES, 'minutes');

/** Help of `--plugin`, where a session is opened. */
export const PLUGIN_HELP = 'by the official session-manager-plugin, and not by the client of this program';
