import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EXIT } from '../../contract/exit-codes';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { explain } from '../framework/explain';
import { Problem } from '../framework/problem';
import type { SessionRequest } from './grant';
import { type Leg, openLeg } from './leg';

/** Between attempts to open another session after one was lost: milliseconds, doubling, and how often. */
const FIRST_WAIT_MS = 500;
const ATTEMPTS = 8;

/** What ends a session sooner than this will end the next one too; after so many in a row no other is opened. */
const SHORT_LIFE_MS = 10_000;
const SHORT_LIVES = 4;

/** A tunnel: which session, and where it comes out. */
export interface TunnelRequest extends SessionRequest {
  /** 0: any that is free. */
  readonly localPort: number;
}

/**
 * A local port that leads somewhere as long as there is a way. A session that is lost for good (hours without a network, the
 * longest duration reached) is replaced by a new one on the same port; when the instance is gone, the tunnel ends.
 */
export class Tunnel {
  /** Why it ended by itself; never settles while it stands, nor after {@link close}. */
  readonly failed: Promise<Problem>;
  private fail: (problem: Problem) => void = () => undefined;
  private readonly closing = new AbortController();

  private constructor(
    private readonly context: Context,
    private readonly request: TunnelRequest,
    private leg: Leg,
  ) {
    this.failed = new Promise((resolve) => (this.fail = resolve));
    void this.keepUp();
  }

  /** @throws Problem or SessionError when there is no session, or the local port cannot be had */
  static async open(context: Context, request: TunnelRequest): Promise<Tunnel> {
    return new Tunnel(context, request, await openLeg(context, request, request.localPort));
  }

  /** Of this machine, on 127.0.0.1. */
  get port(): number {
    return this.leg.port;
  }

  /** Ends the tunnel and its session. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.leg.end();
  }

  /** A method, because it changes while something is waited for. */
  private isClosed(): boolean {
    return this.closing.signal.aborted;
  }

  private async keepUp(): Promise<void> {
    let shortLives = 0;
    while (!this.isClosed()) {
      const opened = performance.now();
      const message = await this.leg.ended;
      if (this.isClosed()) return;
      shortLives = performance.now() - opened < SHORT_LIFE_MS ? shortLives + 1 : 0;
      if (shortLives === SHORT_LIVES) {
        this.fail(endsAtOnce(message));
        return;
      }
      this.context.ui.warn(`${message} Opening another session …`);
      const { port } = this.leg;
      try {
        await this.leg.end();
        if (shortLives > 1) await this.pause(shortLives - 1);
        await this.reopen(port);
        this.context.ui.warn(`Port ${port} leads through again.`);
      } catch (error) {
        this.fail(explain(error, this.context));
        return;
      }
    }
  }

  private async reopen(port: number): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.demandInstance();
        this.leg = await openLeg(this.context, { ...this.request, plugin: this.leg.plugin }, port);
        if (this.isClosed()) await this.close();
        return;
      } catch (error) {
        const { exitCode } = explain(error, this.context);
        const mayPass = exitCode === EXIT.unavailable || exitCode === EXIT.failed;
        if (error instanceof InstanceGone || attempt === ATTEMPTS || !mayPass) throw error;
        await this.pause(attempt);
      }
    }
  }

  private pause(attempt: number): Promise<void> {
    return sleep(FIRST_WAIT_MS * 2 ** (attempt - 1), undefined, { signal: this.context.interrupted });
  }

  private async demandInstance(): Promise<void> {
    const ec2 = new EC2Client(clientSettings(this.context));
    try {
      const { instanceId } = this.request;
      const { Reservations = [] } = await ec2.send(
        new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
      );
      const state = Reservations[0]?.Instances?.[0]?.State?.Name ?? 'gone';
      if (state !== 'running') throw new InstanceGone(instanceId, state);
    } finally {
      ec2.destroy();
    }
  }
}

const endsAtOnce = (message: string): Problem =>
  new Problem(
    EXIT.unavailable,
    `${SHORT_LIVES} sessions in a row ended as soon as they were open. ${message}`,
    'Run `drawbridge doctor`, and connect again when the reason is gone.',
  );

/** The instance will not come back. */
class InstanceGone extends Problem {
  constructor(instanceId: string, state: string) {
    super(
      EXIT.unavailable,
      `${instanceId} is ${state}: its time was up, or somebody has closed it.`,
      'Connect again: a new box is opened, or the jump host brought back.',
    );
  }
}
