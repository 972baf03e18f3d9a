import type { ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LabContext } from '../context';
import { keysOf } from '../instance-connect/keys';
import { findProgram } from '../parts';
import { LAB_VARIABLE } from '../processes';
import { workOf } from '../work';
import { CloudInit } from './boot';
import { endProcessesBelow } from './box-processes';
import { BoxServer } from './box-server';
import { dnf } from './dnf';
import { makeImage, pathOf, writeStandIns } from './image';
import { Metadata } from './metadata';
import { Shutdown, type PowerAction } from './power';
import { InstanceRecords } from './records';
import type { BoxSpawn, BoxSpawnOptions } from './service-runner';
import { ServiceManager, type ServiceHost, UnitError } from './services';
import { writeKeysCommand } from './ssh-image';
import { BoxSshd } from './sshd';
import type { StandIn } from './stand-ins';
import { journalctl, systemctl, systemdRun } from './systemctl';
import type { UserDataPart } from './user-data';
import { useradd } from './users';

/** What a box is launched with. */
export interface BoxOptions {
  readonly instanceId: string;
  readonly region: string;
  readonly userData: readonly UserDataPart[];
  /** Whether the instance has a role: without one its agent never registers. */
  readonly hasRole: boolean;
  /** File of the program behind the stand-ins. */
  readonly standIn: string;
  /** Called once the box has powered itself off or rebooted. */
  readonly poweredOff: (action: PowerAction) => void;
}

/** What lives from one power-on to the next power-off. */
interface Run {
  readonly server: BoxServer;
  readonly services: ServiceManager;
  readonly cloudInit: CloudInit;
  readonly shutdown: Shutdown;
  readonly sshd: BoxSshd;
}

/** A box: a directory, the processes that run below it, and one address for its metadata. */
export class Box {
  readonly root: string;
  readonly records: InstanceRecords;
  /** Epoch milliseconds of the agent's last start; undefined before the first. */
  registeredAt: number | undefined;
  private readonly enabledUnits = new Set<string>();
  private isAgentActive = false;
  private run: Run | undefined;
  private readonly endings = new Set<() => void>();

  constructor(
    private readonly context: LabContext,
    readonly options: BoxOptions,
  ) {
    this.root = join(context.directory, 'boxes', options.instanceId);
    this.records = new InstanceRecords(context, options.region, options.instanceId);
  }

  /** Whether it is powered on. */
  get isOn(): boolean {
    return this.run !== undefined;
  }

  /** Where a port of the box's own services is on this machine; undefined for a port that none of them listens on. */
  portFor(port: number): number | undefined {
    return this.run?.sshd.portFor(port);
  }

  /** Whether the SSM agent runs and has registered. */
  get isOnline(): boolean {
    return this.run !== undefined && this.isAgentActive && this.options.hasRole;
  }

  /** Powers the box on: its address, its image (the first time), then its boot, which goes on by itself. */
  async start(): Promise<void> {
    const { context, options, root } = this;
    const server = await BoxServer.start((line) => {
      this.log(line);
    });
    if (!existsSync(root)) this.install();
    writeStandIns(root, options.standIn, server.controlUrl);
    writeKeysCommand(root, server.metadataUrl);
    const spawn: BoxSpawn = (words, spawnOptions) => this.spawn(words, spawnOptions);
    const cloudInit = new CloudInit({ root, spawn }, options.userData, options.instanceId);
    const sshd = new BoxSshd({
      root,
      spawn,
      environment: { ...this.environment(server), [LAB_VARIABLE]: context.id },
    });
    const services = new ServiceManager(this.serviceHost(spawn, sshd), this.enabledUnits);
    const power = (action: PowerAction): void => {
      // The program that asked gets its answer before everything ends.
      setImmediate(() => {
        options.poweredOff(action);
      });
    };
    const run = { server, services, cloudInit, sshd, shutdown: new Shutdown(power) };
    this.run = run;
    const { account } = context;
    const metadata = new Metadata({ ...options, account, records: this.records, keys: keysOf(context) });
    server.serve(metadata, this.standIns(run, power));
    workOf(context)
      .during(this.boot(run))
      .catch((error: unknown) => {
        if (this.run === run) this.log(`boot failed in the lab: ${String(error)}`);
      });
  }

  /** Starts a process on the box, as root would find itself there. */
  spawn(words: readonly string[], options: BoxSpawnOptions): ChildProcess {
    const { run, root, context } = this;
    if (run === undefined) throw new Error(`The box ${this.options.instanceId} is off.`);
    const [program = '', ...args] = words;
    const output = options.output ?? 'pipe';
    return context.processes.spawn(program, args, {
      cwd: options.directory ?? root,
      // A group of its own, so that all of it can be ended.
      detached: true,
      stdio: [options.input === true ? 'pipe' : 'ignore', output, output],
      env: {
        HOME: join(root, 'root'),
        ...this.environment(run.server),
        ...options.environment,
      },
    });
  }

  /** Calls back at the moment the box goes down, before its processes end; returns a function that forgets it. */
  onGoingDown(ending: () => void): () => void {
    this.endings.add(ending);
    return () => this.endings.delete(ending);
  }

  /** Powers the box off: all its processes end. The directory stays. */
  async end(hard: boolean): Promise<void> {
    const { run } = this;
    if (run === undefined) return;
    this.run = undefined;
    this.isAgentActive = false;
    for (const ending of this.endings) ending();
    this.endings.clear();
    run.shutdown.cancel();
    run.services.close();
    await run.sshd.stop();
    await endProcessesBelow(this.context.id, this.root, hard);
    await run.server.stop();
  }

  /** Removes the disk of a terminated box; what its boot printed stays beside it, as EC2 keeps the console output. */
  remove(): void {
    const output = join(this.root, 'var/log/cloud-init-output.log');
    if (existsSync(output)) copyFileSync(output, `${this.root}.log`);
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
    this.records.close();
  }

  /** What every process of the box finds, whoever started it. */
  private environment(server: BoxServer): Record<string, string> {
    return {
      PATH: pathOf(this.root),
      LANG: 'en_US.UTF-8',
      AWS_ENDPOINT_URL: this.context.endpoint,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: server.metadataUrl,
    };
  }

  private serviceHost(spawn: BoxSpawn, sshd: BoxSshd): ServiceHost {
    return {
      root: this.root,
      spawn,
      bootedAt: Date.now(),
      log: (line) => {
        this.log(line);
      },
      imageUnitChanged: async (name, isActive) => {
        if (name === 'amazon-ssm-agent.service') this.setAgent(isActive);
        if (name === 'sshd.service') await (isActive ? sshd.start() : sshd.stop());
      },
    };
  }

  private log(line: string): void {
    this.context.log(`${this.options.instanceId}: ${line}`);
  }

  private setAgent(isActive: boolean): void {
    this.isAgentActive = isActive;
    if (isActive) this.registeredAt = Date.now();
  }

  private install(): void {
    mkdirSync(this.root, { recursive: true });
    // Others pass through: some servers refuse to run as root.
    chmodSync(this.root, 0o755);
    const ownCli = join(this.context.directory, 'bin', 'aws');
    const aws = existsSync(ownCli) ? ownCli : findProgram('aws');
    makeImage({ root: this.root, region: this.options.region, aws });
  }

  private async boot({ services, cloudInit }: Run): Promise<void> {
    await cloudInit.runBoothooks();
    if (services.state('amazon-ssm-agent.service').active === 'active') this.setAgent(true);
    if (services.state('sshd.service').active === 'active') await startSshd(services);
    for (const name of services.enabledUnits()) await services.start(name);
    await cloudInit.finish();
  }

  private standIns(run: Run, power: (action: PowerAction) => void): Readonly<Record<string, StandIn>> {
    const { services, cloudInit, shutdown } = run;
    const turn =
      (action: PowerAction): StandIn =>
      () => {
        power(action);
        return { code: 0 };
      };
    const packages: StandIn = (args) => dnf(this.root, args);
    return {
      'cloud-init': (args) => cloudInit.command(args),
      dnf: packages,
      halt: turn('halt'),
      journalctl: (args) => journalctl(this.root, args),
      poweroff: turn('off'),
      reboot: turn('reboot'),
      shutdown: (args) => shutdown.run(args),
      systemctl: (args) => systemctl({ services, power }, args),
      'systemd-run': (args) => systemdRun(services, args),
      useradd: (args) => useradd(this.root, args),
      yum: packages,
    };
  }
}

/** A box whose SSH server fails boots all the same; the lab's log says why. */
async function startSshd(services: ServiceManager): Promise<void> {
  try {
    await services.startImageUnit('sshd.service');
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
  }
}
