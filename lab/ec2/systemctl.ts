import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PowerAction } from './power';
import { ServiceManager, UnitError } from './services';
import { failed, said, type StandInReply } from './stand-ins';

/** What `systemctl` works on. */
export interface SystemctlHost {
  readonly services: ServiceManager;
  power(action: PowerAction): void;
}

const ACCEPTED =
  'daemon-reload, start, stop, restart, try-restart, reload, enable, disable, is-active, is-enabled, is-failed, ' +
  'is-system-running, reset-failed, list-timers, status, poweroff, halt, reboot';

type Verb = (
  host: SystemctlHost,
  units: readonly string[],
  now: boolean,
) => Promise<StandInReply> | StandInReply;

const OK: StandInReply = { code: 0 };

async function each(
  verb: string,
  units: readonly string[],
  act: (name: string) => Promise<void>,
): Promise<StandInReply> {
  const problems: string[] = [];
  let code = 0;
  for (const name of units) {
    try {
      await act(name);
    } catch (error) {
      if (!(error instanceof UnitError)) throw error;
      problems.push(
        error.message.startsWith('Job for') ? error.message : `Failed to ${verb} ${name}: ${error.message}`,
      );
      code = error.code;
    }
  }
  return code === 0 ? OK : failed(problems.join('\n'), code);
}

const restart = (host: SystemctlHost, units: readonly string[]): Promise<StandInReply> =>
  each('restart', units, async (name) => {
    await host.services.stop(name);
    await host.services.start(name);
  });

const isActive: Verb = ({ services }, units) => {
  const states = units.map((name) => services.state(name).active);
  return { code: states.includes('active') ? 0 : 3, output: `${states.join('\n')}\n` };
};

const VERBS: Readonly<Record<string, Verb>> = {
  'daemon-reload': () => OK,
  'reset-failed': () => OK,
  reload: () => OK,
  start: ({ services }, units) => each('start', units, (name) => services.start(name)),
  stop: ({ services }, units) => each('stop', units, (name) => services.stop(name)),
  restart,
  'try-restart': (host, units) =>
    restart(
      host,
      units.filter((name) => host.services.state(name).active === 'active'),
    ),
  enable: ({ services }, units, now) =>
    each('enable', units, async (name) => {
      services.enable(name);
      if (now) await services.start(name);
    }),
  disable: ({ services }, units, now) =>
    each('disable', units, async (name) => {
      services.disable(name);
      if (now) await services.stop(name);
    }),
  'is-active': isActive,
  status: isActive,
  'is-failed': ({ services }, units) => {
    const states = units.map((name) => services.state(name).active);
    return { code: states.includes('failed') ? 0 : 1, output: `${states.join('\n')}\n` };
  },
  'is-enabled': ({ services }, units) => {
    const isEnabled = units.every((name) => services.isEnabled(name));
    return { code: isEnabled ? 0 : 1, output: isEnabled ? 'enabled\n' : 'disabled\n' };
  },
  'is-system-running': () => said('running'),
  'list-timers': ({ services }) => said(services.active('.timer').join('\n')),
  poweroff: (host) => turnOff(host, 'off'),
  halt: (host) => turnOff(host, 'halt'),
  reboot: (host) => turnOff(host, 'reboot'),
};

function turnOff(host: SystemctlHost, action: PowerAction): StandInReply {
  host.power(action);
  return OK;
}

/** Stands for `systemctl`. */
export async function systemctl(host: SystemctlHost, args: readonly string[]): Promise<StandInReply> {
  const [name, ...units] = args.filter((word) => !word.startsWith('-'));
  const verb = VERBS[name ?? ''];
  if (verb === undefined) {
    return failed(`The lab's systemctl knows ${ACCEPTED}; not "${args.join(' ')}".`);
  }
  const reply = await verb(
    host,
    units.map((unit) => ServiceManager.fullName(unit)),
    args.includes('--now'),
  );
  const isQuiet = args.includes('-q') || args.includes('--quiet');
  return isQuiet ? { ...reply, output: '' } : reply;
}

const TIMER_OPTIONS: Readonly<Record<string, string>> = {
  '--on-active': 'OnActiveSec',
  '--on-boot': 'OnBootSec',
  '--on-calendar': 'OnCalendar',
  '--on-unit-active': 'OnUnitActiveSec',
  '--on-unit-inactive': 'OnUnitInactiveSec',
};

const WITHOUT_VALUE = [
  '--collect',
  '-G',
  '--no-block',
  '--quiet',
  '-q',
  '--wait',
  '--same-dir',
  '-d',
  '--remain-after-exit',
  '-r',
];

const quoteWord = (word: string): string =>
  `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/** Stands for `systemd-run`: makes a transient service, and a timer when one of the `--on-…` options says when. */
export async function systemdRun(services: ServiceManager, args: readonly string[]): Promise<StandInReply> {
  const words = [...args];
  let unit = `run-u${Date.now()}`;
  const timer: string[] = [];
  const service: string[] = [];
  let waits = false;
  while (words[0]?.startsWith('-') === true) {
    const [option = '', inline] = (words.shift() ?? '').split(/=(.*)/s);
    if (option === '--') break;
    if (WITHOUT_VALUE.includes(option)) {
      waits ||= option === '--wait';
      continue;
    }
    const value = inline ?? words.shift() ?? '';
    const when = TIMER_OPTIONS[option];
    if (when !== undefined) timer.push(`${when}=${value}`);
    else if (option === '--unit' || option === '-u') unit = value.replace(/\.(service|timer)$/, '');
    else if (option === '--property' || option === '-p') service.push(value);
    else if (option === '--setenv' || option === '-E') service.push(`Environment="${value}"`);
    else if (option === '--working-directory') service.push(`WorkingDirectory=${value}`);
    else if (option !== '--description' && option !== '--timer-property') {
      return failed(`The lab's systemd-run does not know the option ${option}.`);
    }
  }
  if (words.length === 0) return failed('Command line to execute required.');
  const type = waits ? ['Type=oneshot'] : [];
  const lines = ['[Service]', ...type, ...service, `ExecStart=${words.map(quoteWord).join(' ')}`];
  services.writeTransient(`${unit}.service`, `${lines.join('\n')}\n`);
  if (timer.length > 0) services.writeTransient(`${unit}.timer`, `[Timer]\n${timer.join('\n')}\n`);
  const name = timer.length > 0 ? `${unit}.timer` : `${unit}.service`;
  const reply = await each('start', [name], (one) => services.start(one));
  return reply.code === 0
    ? { code: 0, errors: `Running ${timer.length > 0 ? 'timer' : 'as unit:'} ${name}\n` }
    : reply;
}

/** Stands for `journalctl`: the output of one service. */
export function journalctl(root: string, args: readonly string[]): StandInReply {
  const at = args.findIndex((word) => word === '-u' || word === '--unit');
  const name =
    args.find((word) => word.startsWith('--unit='))?.slice(7) ?? (at === -1 ? undefined : args[at + 1]);
  if (name === undefined) return failed("The lab's journalctl knows `-u <unit>` only.");
  const path = join(root, 'var/log/journal', `${ServiceManager.fullName(name)}.log`);
  return existsSync(path) ? { code: 0, output: readFileSync(path, 'utf8') } : said('-- No entries --');
}
