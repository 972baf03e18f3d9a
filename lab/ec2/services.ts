import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signal } from '../processes';
import { moveBelow } from './paths';
import { ended, ServiceRunner, type BoxSpawn } from './service-runner';
import { nextCalendarInstant } from './time-spans';
import { alarmAt, type UnitState } from './unit-state';
import { parseUnitFile, readService, readTimer, type Service, type Timer, type UnitFile } from './units';

/** Units that the image brings and that have no process in the lab. */
const IMAGE_UNITS = ['amazon-ssm-agent.service', 'chronyd.service', 'crond.service', 'sshd.service'];

/** What the service manager needs of its box. */
export interface ServiceHost {
  readonly root: string;
  readonly spawn: BoxSpawn;
  /** Epoch milliseconds. */
  readonly bootedAt: number;
  log(line: string): void;
  /** Starts or stops one of the image's own units; what it throws is why the unit failed. */
  imageUnitChanged(name: string, isActive: boolean): Promise<void>;
}

/** A unit that cannot be started, in systemd's words. */
export class UnitError extends Error {
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

/** The box's service manager: starts and stops the services and timers of its unit files. */
export class ServiceManager {
  private readonly states = new Map<string, UnitState>();
  private closed = false;

  /** @param enabled - names of the units that start at boot; they outlast this manager, as they do on a disk */
  constructor(
    private readonly host: ServiceHost,
    private readonly enabled: Set<string>,
  ) {
    for (const name of IMAGE_UNITS) this.states.set(name, { active: 'active', stopping: false });
  }

  /** Full name of a unit: a name without a suffix is a service. */
  static fullName(name: string): string {
    return /\.(service|timer|target|socket|path|mount)$/.test(name) ? name : `${name}.service`;
  }

  state(name: string): UnitState {
    const known = this.states.get(name);
    if (known !== undefined) return known;
    const fresh: UnitState = { active: 'inactive', stopping: false };
    this.states.set(name, fresh);
    return fresh;
  }

  isEnabled(name: string): boolean {
    return this.enabled.has(name);
  }

  enable(name: string): void {
    if (!IMAGE_UNITS.includes(name)) this.read(name);
    this.enabled.add(name);
  }

  disable(name: string): void {
    this.enabled.delete(name);
  }

  /** Units that start at boot. */
  enabledUnits(): string[] {
    return [...this.enabled].filter((name) => !IMAGE_UNITS.includes(name));
  }

  /** Writes a unit that lasts until the box is restarted. */
  writeTransient(name: string, text: string): void {
    const directory = join(this.host.root, 'run/systemd/system');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, name), text);
  }

  /** @throws UnitError */
  async start(name: string): Promise<void> {
    if (this.closed) throw new UnitError('The machine is going down.', 1);
    const state = this.state(name);
    if (state.active === 'active' || state.active === 'activating') return;
    if (IMAGE_UNITS.includes(name)) {
      await this.startImageUnit(name);
      return;
    }
    const file = this.read(name);
    state.stopping = false;
    if (name.endsWith('.target')) state.active = 'active';
    else if (name.endsWith('.timer')) this.startTimer(name, readTimer(name, file));
    else await this.startService(name, readService(name, file));
  }

  async stop(name: string): Promise<void> {
    const state = this.state(name);
    clearTimeout(state.alarm);
    if (IMAGE_UNITS.includes(name)) {
      state.active = 'inactive';
      await this.host.imageUnitChanged(name, false);
      return;
    }
    const { child } = state;
    state.stopping = true;
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const end = ended(child);
      signal(-child.pid, 'SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await end;
      clearTimeout(killer);
    }
    state.active = 'inactive';
  }

  /** Ends every wait: the box goes down. Its processes are ended by whoever takes it down. */
  close(): void {
    this.closed = true;
    for (const state of this.states.values()) {
      clearTimeout(state.alarm);
      state.stopping = true;
    }
    rmSync(join(this.host.root, 'run/systemd'), { recursive: true, force: true });
  }

  /** Names of units of a kind that are active. */
  active(suffix: string): string[] {
    return [...this.states]
      .filter(([name, { active }]) => name.endsWith(suffix) && active === 'active')
      .map(([name]) => name);
  }

  /** @throws UnitError */
  async startImageUnit(name: string): Promise<void> {
    const state = this.state(name);
    state.active = 'active';
    try {
      await this.host.imageUnitChanged(name, true);
    } catch (error) {
      state.active = 'failed';
      this.host.log(`systemd: ${name}: ${String(error)}`);
      throw new UnitError(`Job for ${name} failed: ${String(error)}`, 1);
    }
  }

  private read(name: string): UnitFile {
    if (!/\.(service|timer|target)$/.test(name)) {
      throw new UnitError(`The lab's service manager knows services, timers and targets; not ${name}.`, 1);
    }
    const { root } = this.host;
    const path = ['etc/systemd/system', 'run/systemd/system']
      .map((directory) => join(root, directory, name))
      .find(existsSync);
    if (path === undefined) throw new UnitError(`Unit ${name} not found.`, 5);
    try {
      return parseUnitFile(moveBelow(root, readFileSync(path, 'utf8')));
    } catch (error) {
      throw new UnitError(`Unit ${name} has a bad unit file setting: ${String(error)}`, 1);
    }
  }

  private async startService(name: string, service: Service): Promise<void> {
    const state = this.state(name);
    const runner = new ServiceRunner(this.host.root, this.host.spawn, name, service);
    state.active = 'activating';
    state.lastStart = Date.now();
    const remember = (child: NonNullable<UnitState['child']>): void => {
      state.child = child;
    };
    const runsToEnd = service.type === 'oneshot' || service.type === 'forking';
    const commands = runsToEnd ? [...service.before, ...service.start] : service.before;
    const { code } = await runner.run(commands, remember);
    if (code !== 0) {
      this.serviceEnded(name, service, code);
      const how = `Job for ${name} failed because the control process exited with error code.`;
      throw new UnitError(`${how}\nSee "journalctl -u ${name}" for details.`, 1);
    }
    if (service.type === 'forking' || (runsToEnd && service.remainAfterExit)) state.active = 'active';
    else if (runsToEnd) this.serviceEnded(name, service, 0);
    else this.watch(name, service, runner);
  }

  private watch(name: string, service: Service, runner: ServiceRunner): void {
    const state = this.state(name);
    const [command] = service.start;
    if (command === undefined) return;
    const child = runner.launch(command);
    state.child = child;
    state.active = 'active';
    void ended(child).then(({ code }) => {
      this.serviceEnded(name, service, command.mayFail ? 0 : code);
    });
  }

  private serviceEnded(name: string, service: Service, code: number): void {
    const state = this.state(name);
    state.lastEnd = Date.now();
    state.active = code === 0 || state.stopping ? 'inactive' : 'failed';
    if (code !== 0) this.host.log(`systemd: ${name} ended with ${code}`);
    const again = service.restart === 'always' || (service.restart === 'on-failure' && code !== 0);
    if (!again || state.stopping || this.closed) return;
    state.alarm = setTimeout(() => {
      this.startQuietly(name);
    }, service.restartDelayMs);
  }

  private startQuietly(name: string): void {
    this.start(name).catch((error: unknown) => {
      this.host.log(`systemd: ${name}: ${String(error)}`);
    });
  }

  private startTimer(name: string, timer: Timer): void {
    const state = this.state(name);
    state.active = 'active';
    state.lastStart = Date.now();
    const once = [
      ...(timer.onBootMs === undefined ? [] : [this.host.bootedAt + timer.onBootMs]),
      ...(timer.onActiveMs === undefined ? [] : [state.lastStart + timer.onActiveMs]),
    ];
    this.arm(name, timer, once);
  }

  /** Waits for the next instant of a timer. `once` holds the instants that have not come yet and do not repeat. */
  private arm(name: string, timer: Timer, once: readonly number[]): void {
    const unit = this.state(timer.unit);
    const now = Date.now();
    const since = (from: number | undefined, spanMs: number | undefined): number[] =>
      from === undefined || spanMs === undefined ? [] : [from + spanMs];
    const instants = [
      ...once,
      ...since(unit.lastStart, timer.onUnitActiveMs),
      ...since(unit.lastEnd, timer.onUnitInactiveMs),
      ...timer.calendar.flatMap((one) => nextCalendarInstant(one, new Date(now))?.getTime() ?? []),
    ];
    if (instants.length === 0 || this.closed) return;
    const next = Math.min(...instants);
    alarmAt(next, this.state(name), () => {
      const left = once.filter((instant) => instant > Date.now());
      // A unit that still runs is not started again, but the next wait counts from now.
      unit.lastStart = Date.now();
      this.start(timer.unit)
        .catch((error: unknown) => {
          this.host.log(`systemd: ${timer.unit}: ${String(error)}`);
        })
        .finally(() => {
          if (this.state(name).active === 'active') this.arm(name, timer, left);
        });
    });
  }
}
