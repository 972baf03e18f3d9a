import { readdirSync, readFileSync } from 'node:fs';

const POLL_MS = 100;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended between the two looks.
    return '';
  }
}

/** Watches the programs whose command line holds a text, and remembers the most memory that one of them took. */
export function watchPeak(text: string): { stop(): number } {
  let peakMb = 0;
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (!read(`/proc/${pid}/cmdline`).includes(text)) continue;
      const kib = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
      peakMb = Math.max(peakMb, Number(kib ?? 0) / 1024);
    }
  }, POLL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return peakMb;
    },
  };
}
