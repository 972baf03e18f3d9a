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
