import type { PushConfig } from './config';
import { localFiles } from './local';
import { neighbourFiles } from './neighbour';
import type { Outgoing, Unread } from './outgoing';

const withoutSlashes = (path: string): string => path.replace(/^\/+|\/+$/g, '');

/** Every file that the configuration names, one source after the other; what cannot be read stops nothing else. */
export async function* gather(
  paths: PushConfig['paths'],
  unread: (what: Unread) => void,
): AsyncGenerator<Outgoing> {
  for (const { path, host, as, exclude } of paths) {
    if (host === undefined) yield* localFiles({ path, as: as ?? withoutSlashes(path), exclude }, unread);
    else yield* neighbourFiles({ host, path, as: as ?? host.replace(/^.*@/, ''), exclude }, unread);
  }
}
