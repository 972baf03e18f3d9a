import { statfs } from 'node:fs/promises';
import { inBytes } from '../../contract/bytes';
import { EXIT } from '../../contract/exit-codes';
import type { Manifest } from '../../contract/manifest';
import { reasonOf, Stop } from '../stop';

const MIB = 1024 ** 2;

/** An empty cluster, its write-ahead log at its limit, and some air. */
const GROUND_BYTES = 512 * MIB;

/** Header, item pointer and alignment of a row, and two index entries. */
const ROW_BYTES = 96;

/**
 * Room that a restored database may take: its text, a fifth more for indexes on it, and what every row costs besides.
 * An estimate; a disk that fills up all the same is noticed too.
 */
export function neededBytes(manifest: Pick<Manifest, 'data' | 'tables'>): number {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  return Math.ceil(manifest.data.plainBytes * 1.2) + rows * ROW_BYTES + GROUND_BYTES;
}

/**
 * Bytes that are free on the disk of a directory.
 *
 * @throws Stop with `EXIT.usage` when the directory cannot be used
 */
export async function freeBytes(directory: string): Promise<number> {
  const disk = await statfs(directory).catch((error: unknown) => {
    throw new Stop(
      EXIT.usage,
      `DRAWBRIDGE_SCRATCH_DIRECTORY ${directory} cannot be used: ${reasonOf(error)}.`,
    );
  });
  return disk.bavail * disk.bsize;
}

/** What it means that there is none. */
const CONSEQUENCES = {
  proof: 'Nothing is said about the backup',
  backup: 'Nothing was begun',
  restore: 'Nothing was begun',
} as const;

/** What room is needed for. */
export type RoomFor = keyof typeof CONSEQUENCES;

/**
 * Makes sure that there is room for a scratch database, or for a format that needs a disk.
 *
 * @throws Stop with `EXIT.noRoom`, or `EXIT.usage` when the directory cannot be used
 */
export async function demandRoom(directory: string, needed: number, what: RoomFor): Promise<void> {
  const free = await freeBytes(directory);
  if (free >= needed) return;
  throw new Stop(
    EXIT.noRoom,
    `The scratch disk has no room for this ${what}: ${directory} has ${inBytes(free)} free, about ${inBytes(needed)} are needed. ` +
      `${CONSEQUENCES[what]}. Give boxes a larger disk (boxVolumeGiB) and try again.`,
  );
}
