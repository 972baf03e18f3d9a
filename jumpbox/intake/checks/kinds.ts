import type { Finding } from './finding';

/** How files of a kind begin: bytes as latin1, at an offset. */
interface Kind {
  readonly name: string;
  readonly endings: readonly string[];
  readonly at?: number;
  readonly magic: readonly string[];
}

/** Sources: the formats' own specifications, as file(1) collects them. */
const KINDS: readonly Kind[] = [
  { name: 'gzip', endings: ['gz', 'tgz', 'svgz'], magic: ['\x1f\x8b'] },
  {
    name: 'zip',
    endings: ['zip', 'jar', 'war', 'docx', 'xlsx', 'pptx', 'odt', 'apk'],
    magic: ['PK\x03\x04', 'PK\x05\x06'],
  },
  { name: 'bzip2', endings: ['bz2', 'tbz2'], magic: ['BZh'] },
  { name: 'xz', endings: ['xz', 'txz'], magic: ['\xfd7zXZ\0'] },
  { name: 'zstd', endings: ['zst', 'tzst'], magic: ['\x28\xb5\x2f\xfd', '\x50\x2a\x4d\x18'] },
  { name: '7z', endings: ['7z'], magic: ['7z\xbc\xaf\x27\x1c'] },
  { name: 'PNG', endings: ['png'], magic: ['\x89PNG\r\n\x1a\n'] },
  { name: 'JPEG', endings: ['jpg', 'jpeg'], magic: ['\xff\xd8\xff'] },
  { name: 'GIF', endings: ['gif'], magic: ['GIF87a', 'GIF89a'] },
  { name: 'PDF', endings: ['pdf'], magic: ['%PDF-'] },
  { name: 'SQLite', endings: ['sqlite', 'sqlite3'], magic: ['SQLite format 3\0'] },
  { name: 'tar', endings: ['tar'], at: 257, magic: ['ustar'] },
  { name: 'ELF program', endings: ['so', 'ko', 'elf'], magic: ['\x7fELF'] },
  { name: 'Windows program', endings: ['exe', 'dll', 'sys'], magic: ['MZ'] },
  { name: 'Java class', endings: ['class'], magic: ['\xca\xfe\xba\xbe'] },
];

const TEXT = new Set(
  'txt log conf cnf cfg ini md csv tsv json ndjson xml html css yaml yml toml sh py rb pl php js ts sql service timer env properties pem crt csr pub'.split(
    ' ',
  ),
);
const LOOKED_AT = 8192;

const endingOf = (path: string): string => /\.([A-Za-z0-9]{1,8})$/.exec(path)?.[1]?.toLowerCase() ?? '';
const begins = (content: Buffer, { at = 0, magic }: Kind): boolean =>
  magic.some((bytes) => content.toString('latin1', at, at + bytes.length) === bytes);

/** What a file's first bytes say that it is; undefined when they say nothing. */
export const kindOf = (content: Buffer): string | undefined =>
  KINDS.find((kind) => begins(content, kind))?.name;

const isUtf16 = (content: Buffer): boolean =>
  ['\xff\xfe', '\xfe\xff'].includes(content.toString('latin1', 0, 2));

/** Whether the beginning of a file contradicts its name. A name that promises nothing cannot be contradicted. */
export function contradictionIn(path: string, content: Buffer): Finding[] {
  const ending = endingOf(path);
  const said = (reason: string): Finding[] => [{ rule: 'contradictions', reason }];
  const promised = KINDS.find(({ endings }) => endings.includes(ending));
  const actual = kindOf(content);
  if (promised !== undefined && !begins(content, promised))
    return said(`the name says ${promised.name}, the content ${actual ?? 'something else'}`);
  if (!TEXT.has(ending)) return [];
  if (actual !== undefined && actual !== 'tar') return said(`the name says text, the content ${actual}`);
  const isBinary = content.subarray(0, LOOKED_AT).includes(0) && !isUtf16(content);
  return isBinary ? said('the name says text, the content is binary') : [];
}
