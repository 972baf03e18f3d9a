import type { ChildProcess } from 'node:child_process';

/** Where a unit stands. */
export type ActiveState = 'active' | 'activating' | 'inactive' | 'failed';

/** What the service manager remembers of a unit. */
export interface UnitState {
  active: ActiveState;
  /** Main process of a running service. */
  child?: ChildProcess;
  /** Alarm of a waiting timer, or of a service that restarts. */
  alarm?: NodeJS.Timeout;
  /** Epoch milliseconds of the last start and end. */
  lastStart?: number;
  lastEnd?: number;
  /** True once somebody asked for the unit to stop: its end is then no failure and no reason to restart. */
  stopping: boolean;
}

/** The longest wait of a Node.js timer, about 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls back at an instant, however far away. */
export function alarmAt(instantMs: number, state: UnitState, ring: () => void): void {
  const waitMs = Math.max(0, instantMs - Date.now());
  state.alarm = setTimeout(
    () => {
      if (waitMs > LONGEST_MS) alarmAt(instantMs, state, ring);
      else ring();
    },
    Math.min(waitMs, LONGEST_MS),
  );
}
