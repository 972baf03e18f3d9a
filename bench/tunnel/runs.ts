import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startDelay } from './delay';
import { type download, figuresOf, startEnd, type upload, type NearFigures, type Programs } from './ends';

/** What the far end says of itself. */
export interface FarSaid {
  readonly sessionId: string;
  readonly streamUrl: string;
}

/** One fresh pair of ends. */
export interface Run {
  readonly seconds: number;
  readonly near: NearFigures;
}

/**
 * Opens a session with fresh processes at both ends, moves bytes through it, and closes it.
 *
 * @param oneWayMs - what a proxy between the two delays each way; 0 for no proxy
 */
export async function run(
  programs: Programs,
  move: typeof upload | typeof download,
  bytes: number,
  oneWayMs = 0,
): Promise<Run> {
  const far = await startEnd<FarSaid>(programs.far);
  const url = new URL(far.said.streamUrl);
  const delay = oneWayMs === 0 ? undefined : await startDelay(Number(url.port), oneWayMs);
  if (delay !== undefined) url.port = String(delay.port);
  const near = await startEnd<{ port: number }>(programs.near, [far.said.sessionId, url.href]);
  try {
    const seconds = await move(near.said.port, bytes);
    return { seconds, near: await figuresOf(near) };
  } finally {
    await near.stop();
    delay?.close();
    await far.stop();
  }
}

const IDLE_CONNECTIONS = 50;
const IDLE_MS = 5_000;

/**
 * What connections cost that nobody uses.
 *
 * @returns percent of one processor that the client takes with 50 of them
 */
export async function idle(programs: Programs): Promise<number> {
  const far = await startEnd<FarSaid>(programs.far);
  const near = await startEnd<{ port: number }>(programs.near, [far.said.sessionId, far.said.streamUrl]);
  try {
    const sockets = Array.from({ length: IDLE_CONNECTIONS }, () =>
      connect({ port: near.said.port, host: 'localhost' }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await sleep(IDLE_MS / 5);
    const before = await figuresOf(near);
    await sleep(IDLE_MS);
    const after = await figuresOf(near);
    for (const socket of sockets) socket.destroy();
    return ((after.cpuSeconds - before.cpuSeconds) * 100_000) / IDLE_MS;
  } finally {
    await near.stop();
    await far.stop();
  }
}
