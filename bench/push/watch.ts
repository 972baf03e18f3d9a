import { readdirSync, readFileSync } from 'node:fs';

const POLL_MS = 100;
/** Of the kernel's clock, per second: sysconf(_SC_CLK_TCK), 100 on every Linux that Node runs on. */
const TICKS = 100;

/** What the programs of one role took, all of them together or the largest. */
export interface Taken {
  /** The most memory that one of them took. */
  readonly peakRssMb: number;
  /** User and system time of all of them, since the watch began. */
  readonly cpuSeconds: number;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended between the two looks.
    return '';
  }
}

/** Fields 14 and 15 of /proc/<pid>/stat (proc(5)); the name before them may hold anything but ends with the last parenthesis. */
function cpuSecondsOf(pid: string): number {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS;
}

interface Seen {
  readonly role: string;
  readonly before: number;
  now: number;
  peakMb: number;
}

/** Watches the programs whose command line fits a role, as long as they live. Roles are tried in order. */
export class Watch {
  private readonly seen = new Map<string, Seen>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly roles: Readonly<Record<string, (commandLine: string) => boolean>>) {
    this.look(true);
    this.timer = setInterval(() => {
      this.look(false);
    }, POLL_MS);
  }

  /** Ends the watch. @returns by role what its programs took */
  stop(): Readonly<Record<string, Taken>> {
    clearInterval(this.timer);
    this.look(false);
    return Object.fromEntries(
      Object.keys(this.roles).map((role) => {
        const all = [...this.seen.values()].filter((one) => one.role === role);
        const cpuSeconds = all.reduce((sum, { now, before }) => sum + now - before, 0);
        return [role, { peakRssMb: Math.max(0, ...all.map(({ peakMb }) => peakMb)), cpuSeconds }];
      }),
    );
  }

  private look(isFirst: boolean): void {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const one = this.seen.get(pid) ?? this.find(pid, isFirst);
      if (one === undefined) continue;
      one.now = Math.max(one.now, cpuSecondsOf(pid));
      const kib = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
      one.peakMb = Math.max(one.peakMb, Number(kib ?? 0) / 1024);
    }
  }

  private find(pid: string, isFirst: boolean): Seen | undefined {
    const words = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
    const [role] = Object.entries(this.roles).find(([, fits]) => fits(words)) ?? [];
    if (role === undefined) return undefined;
    const found = { role, before: isFirst ? cpuSecondsOf(pid) : 0, now: 0, peakMb: 0 };
    this.seen.set(pid, found);
    return found;
  }
}
