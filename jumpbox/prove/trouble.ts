import { EXIT } from '../../contract/exit-codes';
import { exitOfWords } from '../database/refusal';
import { Stop } from '../stop';

/** Whether words of the scratch server or its clients tell of a full disk. */
export const noRoom = (words: string): boolean =>
  /No space left on device|\berr(or|no)(:| number)? 28\b|Disk full|The table '.*' is full|could not (extend|write) (init )?file|Disk quota exceeded/.test(
    words,
  );

/** Turns a failure of the scratch server itself into a sentence: it says nothing about the backup. */
export function scratchStop(what: string, words: string): Stop {
  const nothing = 'Nothing is said about the backup.';
  if (noRoom(words)) {
    return new Stop(
      EXIT.noRoom,
      `${what}: the scratch disk is full. ${nothing} Give backup boxes a larger disk (boxVolumeGiB).`,
    );
  }
  return new Stop(EXIT.failed, `${what}: ${words.trim().split('\n').slice(-5).join(' ')} ${nothing}`);
}

/**
 * A scratch server that fails, or a full disk, says nothing about the backup.
 *
 * @param words - of the program that restored
 * @throws Stop when they tell of such a thing
 */
export function demandServer(words: string): void {
  if (noRoom(words) || exitOfWords(words) === EXIT.unavailable)
    throw scratchStop('The restore was cut short', words);
}
