import { EXIT } from '../../contract/exit-codes';
import type { Format } from '../../contract/manifest';
import { readArchivePassword } from '../database/secret';
import type { BoxSettings } from '../environment';
import { withPrivateDirectory } from '../private-directory';
import { demandRoom, type RoomFor } from '../prove/room';
import { Stop } from '../stop';
import { type Compression, zstd } from './compression';
import { sevenZip } from './seven-zip';

/**
 * Runs work with the compression of a format. What the format keeps on the disk meanwhile is removed, however the work ends.
 *
 * @param what - is done, for the words when there is no room
 * @param neededBytes - of disk, about, where the format needs one; looked for before anything is begun
 * @throws Stop with `EXIT.noRoom`, or `EXIT.usage` when there is no password
 */
export async function withCompression<T>(
  format: Format,
  settings: BoxSettings,
  what: RoomFor,
  neededBytes: number,
  work: (compression: Compression) => Promise<T>,
): Promise<T> {
  if (format === 'zstd') return work(zstd(settings.zstdLevel));
  const { region, archiveSecretArn, scratchDirectory } = settings;
  if (archiveSecretArn === undefined)
    throw new Stop(
      EXIT.usage,
      'Archives of 7-Zip need a password, and this box knows of no secret that holds it. Nothing was begun. ' +
        'Deploy with the setting archiveSecretArn (it may stay when format is zstd again), or export the backup and unpack it ' +
        'yourself: 7za x -so <file>, which asks for the password.',
    );
  const password = await readArchivePassword(region, archiveSecretArn);
  await demandRoom(scratchDirectory, neededBytes, what);
  return withPrivateDirectory((directory) => work(sevenZip(directory, password)), scratchDirectory);
}
