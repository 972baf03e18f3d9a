import { Readable } from 'node:stream';
import type { Outgoing } from '../../cli/push/outgoing';

/** A file to hand in that exists in no file system. */
export const outgoingOf = (path: string, content: Buffer): Outgoing => ({
  path,
  bytes: content.length,
  modified: 1,
  mode: 0o644,
  content: () => Readable.from([content]),
  close: () => Promise.resolve(),
});
