import { execFileSync } from 'node:child_process';

/** Whom a server process runs as. */
export interface SystemAccount {
  readonly uid: number;
  readonly gid: number;
  /** Options for `spawn`; empty when this process keeps its own account. */
  readonly ids: { readonly uid?: number; readonly gid?: number };
}

const idOf = (flag: '-u' | '-g', name: string): number =>
  Number(execFileSync('id', [flag, name], { encoding: 'utf8' }).trim());

/** PostgreSQL's server refuses to run as root: the named account when this process is root, otherwise its own. */
export function accountOf(name: string): SystemAccount {
  if (process.getuid?.() === 0) {
    const [uid, gid] = [idOf('-u', name), idOf('-g', name)];
    return { uid, gid, ids: { uid, gid } };
  }
  return { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1, ids: {} };
}
