import type { Readable } from 'node:stream';

/** A line that is longer comes in pieces, so that memory does not grow with what a program writes. */
const LONGEST_CHARACTERS = 16 * 1024;

/**
 * Cuts a text into lines as it comes. The last line may lack its line break.
 *
 * @param text - with its encoding set
 * @param take - is given each line with its line break
 */
export function readLines(text: Readable, take: (line: string) => void): void {
  let rest = '';
  text.on('data', (piece: string) => {
    const lines = (rest + piece).split(/(?<=\n)/);
    rest = lines.at(-1)?.endsWith('\n') === false ? (lines.pop() ?? '') : '';
    for (const line of lines) take(line);
    if (rest.length > LONGEST_CHARACTERS) {
      take(rest);
      rest = '';
    }
  });
  text.on('end', () => {
    if (rest !== '') take(rest);
  });
}
