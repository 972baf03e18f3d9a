import { parseTimeSpan } from './time-spans';

/** Sections of a unit file; a key may stand more than once. */
export type UnitFile = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/**
 * Reads a unit file: sections, comments, lines continued by a backslash, an empty value that forgets the ones before.
 * Source: https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html.
 */
export function parseUnitFile(text: string): UnitFile {
  const sections: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> = {};
  for (const line of text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((one) => one.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const name = /^\[(.+)\]$/.exec(line)?.[1];
    if (name !== undefined) {
      section = sections[name] ??= {};
      continue;
    }
    const at = line.indexOf('=');
    if (at === -1) throw new Error(`"${line}" is neither a section nor a setting.`);
    const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    if (value === '') section[key] = [];
    else (section[key] ??= []).push(value);
  }
  return sections;
}

/** A command line of a service. */
export interface UnitCommand {
  /** `-` before the program: its failure does not count. */
  readonly mayFail: boolean;
  readonly words: readonly string[];
}

/** What the lab's service manager does with a `.service`. */
export interface Service {
  readonly type: string;
  readonly before: readonly UnitCommand[];
  readonly start: readonly UnitCommand[];
  readonly stop: readonly UnitCommand[];
  readonly environment: Readonly<Record<string, string>>;
  /** Files of `KEY=value` lines; `-` before one: it may be missing. */
  readonly environmentFiles: readonly { readonly path: string; readonly mayBeMissing: boolean }[];
  readonly workingDirectory: string | undefined;
  readonly restart: 'no' | 'on-failure' | 'always';
  readonly restartDelayMs: number;
  readonly remainAfterExit: boolean;
}

/** When a `.timer` starts its unit. */
export interface Timer {
  readonly unit: string;
  readonly onBootMs: number | undefined;
  readonly onActiveMs: number | undefined;
  /** Since the unit was last started. */
  readonly onUnitActiveMs: number | undefined;
  /** Since the unit last ended. */
  readonly onUnitInactiveMs: number | undefined;
  readonly calendar: readonly string[];
}

/** Splits a command line at spaces outside quotes, and takes quotes and backslashes off as systemd does. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  const pattern = /(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/gs;
  for (const [word] of line.matchAll(pattern)) {
    words.push(
      word.replace(
        /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/gs,
        (_all, double?: string, single?: string, escaped?: string) =>
          double?.replace(/\\(.)/gs, '$1') ?? single ?? escaped ?? '',
      ),
    );
  }
  return words;
}

function command(line: string): UnitCommand {
  const [, prefix = '', rest = ''] = /^([-@:+!|]*)(.*)$/s.exec(line) ?? [];
  return { mayFail: prefix.includes('-'), words: splitWords(rest).map((word) => word.replaceAll('%%', '%')) };
}

const isYes = (text: string | undefined): boolean => /^(yes|true|on|1)$/i.test(text ?? '');

/** @throws Error when there is nothing to start */
export function readService(name: string, file: UnitFile): Service {
  const section = file.Service ?? {};
  const last = (key: string): string | undefined => section[key]?.at(-1);
  const commands = (key: string): UnitCommand[] => (section[key] ?? []).map(command);
  const start = commands('ExecStart');
  if (start.length === 0) throw new Error(`Unit ${name} has no ExecStart= setting. Refusing.`);
  const restart = last('Restart') ?? 'no';
  return {
    type: last('Type') ?? 'simple',
    before: commands('ExecStartPre'),
    start,
    stop: commands('ExecStop'),
    environment: Object.fromEntries(
      (section.Environment ?? []).flatMap(splitWords).map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
    ),
    environmentFiles: (section.EnvironmentFile ?? []).map((path) => ({
      path: path.replace(/^-/, ''),
      mayBeMissing: path.startsWith('-'),
    })),
    workingDirectory: last('WorkingDirectory'),
    restart: restart === 'always' || restart === 'on-failure' ? restart : 'no',
    restartDelayMs: parseTimeSpan(last('RestartSec') ?? '100ms'),
    remainAfterExit: isYes(last('RemainAfterExit')),
  };
}

/** @throws Error when nothing says when */
export function readTimer(name: string, file: UnitFile): Timer {
  const section = file.Timer ?? {};
  const span = (key: string): number | undefined => {
    const text = section[key]?.at(-1);
    return text === undefined ? undefined : parseTimeSpan(text);
  };
  const timer = {
    unit: section.Unit?.at(-1) ?? name.replace(/\.timer$/, '.service'),
    onBootMs: span('OnBootSec') ?? span('OnStartupSec'),
    onActiveMs: span('OnActiveSec'),
    onUnitActiveMs: span('OnUnitActiveSec'),
    onUnitInactiveMs: span('OnUnitInactiveSec'),
    calendar: section.OnCalendar ?? [],
  };
  const says = [timer.onBootMs, timer.onActiveMs, timer.onUnitActiveMs, timer.onUnitInactiveMs];
  if (says.every((one) => one === undefined) && timer.calendar.length === 0) {
    throw new Error(`Timer ${name} has no trigger setting. Refusing.`);
  }
  return timer;
}
