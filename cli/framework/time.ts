/** A span in words for people: `45 s`, `12 min`, `3 h 20 min`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** When a box ends, seen from now: `12 min (2026-11-22T03:00:00Z)`. */
export function until(expiresAt: string, now: number = Date.now()): string {
  const end = new Date(expiresAt).getTime();
  if (Number.isNaN(end)) return expiresAt;
  return end <= now ? `expired (${expiresAt})` : `${span(end - now)} (${expiresAt})`;
}
