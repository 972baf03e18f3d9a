import { mkdirSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** The same numbers each time: mulberry32, by Tommy Ettinger (public domain). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const PATHS = ['/', '/login', '/api/orders', '/api/orders/items', '/static/app.js', '/health', '/search'];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)',
  'curl/8.16.0',
  'kube-probe/1.34',
];

/** Lines as a web server writes them: addresses, times, sizes and request ids that do not repeat. */
function logOf(random: () => number, bytes: number): string {
  const pick = <T>(all: readonly T[]): T | undefined => all[Math.floor(random() * all.length)];
  const octet = (): number => Math.floor(random() * 256);
  const lines: string[] = [];
  for (let length = 0, second = 0; length < bytes; second += random()) {
    const at = new Date(1_763_683_200_000 + second * 1_000).toISOString();
    const id = Math.floor(random() * 2 ** 48).toString(16);
    const size = Math.floor(random() ** 3 * 90_000);
    const line =
      `10.${octet()}.${octet()}.${octet()} - - [${at}] "GET ${pick(PATHS) ?? ''}?id=${Math.floor(random() * 1e6)} HTTP/1.1" ` +
      `${random() < 0.97 ? 200 : 500} ${size} "-" "${pick(AGENTS) ?? ''}" rt=${random().toFixed(3)} req=${id}\n`;
    lines.push(line);
    length += line.length;
  }
  return lines.join('').slice(0, bytes);
}

const nameOf = (directory: string, at: number): string =>
  join(directory, `app-${Math.floor(at / 100)}`, `access-${at}.log`);

/** Writes so many files of logs, of the same size each. */
export function writeLogs(directory: string, files: number, bytes: number): void {
  for (let at = 0; at < files; at += 1) {
    if (at % 100 === 0) mkdirSync(join(directory, `app-${at / 100}`), { recursive: true });
    writeFileSync(nameOf(directory, at), logOf(numbers(at), Math.floor(bytes / files)));
  }
}

/** Lets one file of a hundred grow by a line. */
export function changeLogs(directory: string, files: number): void {
  for (let at = 0; at < files; at += 100) appendFileSync(nameOf(directory, at), 'one more line\n');
}
