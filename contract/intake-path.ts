import { LONGEST_PATH_BYTES } from './intake';

/**
 * Paths are text that any terminal can show: what is not valid UTF-8 and every control character is written `\xHH` (two
 * lowercase hexadecimal digits), a backslash `\\`. Folders are divided by `/`; there is no leading one.
 */
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd\ufffe\uffff]/u;
const LONE_SURROGATE = /\p{Cs}/u;
const ESCAPE = /\\(?:\\|x[0-9a-f]{2})/g;

const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of UTF-8 that begin with this byte; 1 for what can begin none. */
function lengthFrom(byte: number): number {
  if (byte >= 0xf0 && byte <= 0xf4) return 4;
  if (byte >= 0xe0) return byte < 0xf0 ? 3 : 1;
  return byte >= 0xc2 && byte < 0xe0 ? 2 : 1;
}

function characterAt(bytes: Uint8Array, at: number): string | undefined {
  try {
    return decoder.decode(bytes.subarray(at, at + lengthFrom(bytes[at] ?? 0)));
  } catch {
    return undefined;
  }
}

/** Writes a path, as the file system gives it, in the form above. Nothing is lost: {@link unescapePath} is the way back. */
export function escapePath(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    const character = characterAt(bytes, at);
    const isShown = character !== undefined && character !== '' && !CONTROL.test(character);
    if (character === '\\') text += '\\\\';
    else text += isShown ? character : hex(byte);
    at += isShown ? Buffer.byteLength(character) : 1;
  }
  return text;
}

/** The bytes that {@link escapePath} was given. */
export function unescapePath(path: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const { 0: found, index } of path.matchAll(ESCAPE)) {
    parts.push(Buffer.from(path.slice(from, index)));
    parts.push(Buffer.from([found === '\\\\' ? 0x5c : Number.parseInt(found.slice(2), 16)]));
    from = index + found.length;
  }
  return Buffer.concat([...parts, Buffer.from(path.slice(from))]);
}

/** What is wrong with a path; undefined when it is in the form above and leads nowhere but down. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty';
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST_PATH_BYTES)
    return `the path is ${bytes} bytes long; ${LONGEST_PATH_BYTES} are accepted`;
  if (LONE_SURROGATE.test(path)) return 'the path is not valid UTF-8';
  if (CONTROL.test(path))
    return 'the path holds a control character or what is not UTF-8; it must be written \\xHH';
  if (path.replace(ESCAPE, '').includes('\\'))
    return 'the path holds a backslash that is no \\\\ and no \\xHH';
  if (path.startsWith('/')) return 'the path is absolute';
  const segments = path.split('/');
  if (segments.includes('')) return 'the path has an empty part';
  if (segments.some((one) => hasOddDots(one))) return 'the path has a part that is . or ..';
  if (/\\x(?:00|2f)/.test(path)) return 'the path hides a NUL or a slash behind an escape';
  return undefined;
}

/** Dots may also be hidden behind an escape. */
const hasOddDots = (segment: string): boolean => /^\.{1,2}$/.test(segment.replaceAll('\\x2e', '.'));

/** Two paths with the same fold are one file where names know no case, or no difference between forms of Unicode. */
export const foldPath = (path: string): string => path.normalize('NFC').toLowerCase().normalize('NFC');
