import { type DumpData, ScriptReader } from '../../../../jumpbox/postgres/prove/script';

const HEAD = `--
-- PostgreSQL database dump
--

\\restrict Xy'z"

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);

`;

const readIn = (text: string, chunkBytes: number): DumpData => {
  const reader = new ScriptReader();
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.read(bytes.subarray(at, at + chunkBytes));
  return reader.finish();
};
const read = (text: string): DumpData => readIn(text, 1 << 20);

const table = (name: string, rows: readonly string[]): string =>
  `--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: o\n--\n\nCOPY ${name} (a, "b c") FROM stdin;\n${rows.map((row) => `${row}\n`).join('')}\\.\n\n\n`;

describe('the reader of data scripts', () => {
  it('counts the rows of each table', () => {
    const { tables } = read(HEAD + table('public.t', ['1\tx', '2\ty']) + table('public.u', []));
    expect([...tables].map(([key, { rows }]) => [key, rows])).toEqual([
      ['"public"."t"', 2],
      ['"public"."u"', 0],
    ]);
    expect(tables.get('"public"."t"')?.columns).toBe('(a, "b c")');
  });

  it.each([
    ['"a""b".t', '"a""b"."t"'],
    ['public."with\nline break"', '"public"."with\nline break"'],
    ['public."semi;colon -- (x) FROM stdin;"', '"public"."semi;colon -- (x) FROM stdin;"'],
    ['"Größen & Maße"."顧客"', '"Größen & Maße"."顧客"'],
    ['public.straße', '"public"."straße"'],
    [`public."it's"`, `"public"."it's"`],
  ])('knows the table %j', (name, key) => {
    const { tables } = read(HEAD + table(name, ['1\t2']));
    expect([...tables.keys()]).toEqual([key]);
  });

  it('takes what looks like SQL in a row for a row', () => {
    const rows = [
      'COPY public.t (a) FROM stdin;',
      '--',
      '\\\\.',
      "SELECT pg_catalog.setval('public.s', 1, true);",
      '',
      '\\N',
      '"',
      "'",
    ];
    const { tables, sequences } = read(HEAD + table('public.t', rows) + table('public.u', ['1']));
    expect(tables.get('"public"."t"')?.rows).toBe(rows.length);
    expect(tables.get('"public"."u"')?.rows).toBe(1);
    expect(sequences.size).toBe(0);
  });

  it('reads the same however the bytes are cut', () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${String(i)}\tgröße ${'x'.repeat(i * 7)}`);
    const text =
      HEAD +
      table('public."a;""b\n--"', rows) +
      "SELECT pg_catalog.setval('public.\"it''s; a\nsequence\"', 7, true);\n" +
      table('public.t', ['1']);
    const whole = read(text);
    for (const size of [1, 2, 3, 7, 64, 1000]) expect(readIn(text, size)).toEqual(whole);
    expect([...whole.sequences.keys()]).toEqual(['"public"."it\'s; a\nsequence"']);
  });

  it('digests long rows in pieces as if they were whole', () => {
    const long = 'y'.repeat(3_000_000);
    const text = HEAD + table('public.t', [long, '1', long]);
    expect(readIn(text, 65_536)).toEqual(read(text));
    expect(read(text)).not.toEqual(read(HEAD + table('public.t', [`${long}y`, '1', long])));
  });

  it('sees another value, another row, another order only where order means something', () => {
    const digest = (rows: readonly string[]): string | undefined =>
      read(HEAD + table('public.t', rows)).tables.get('"public"."t"')?.digest;
    expect(digest(['1', '2'])).toBe(digest(['2', '1']));
    expect(digest(['1', '2'])).not.toBe(digest(['1', '3']));
  });

  it('digests large objects with their numbers, owners and contents in order', () => {
    const object = (id: number, parts: readonly string[]): string =>
      `SELECT pg_catalog.lo_open('${String(id)}', 131072);\n${parts.map((part) => `SELECT pg_catalog.lowrite(0, '\\x${part}');\n`).join('')}SELECT pg_catalog.lo_close(0);\n`;
    const objects = (body: string) =>
      read(
        `${HEAD}SELECT pg_catalog.lo_create('1');\nALTER LARGE OBJECT 1 OWNER TO o;\nBEGIN;\n${body}COMMIT;\n`,
      ).largeObjects;
    const plain = objects(object(1, ['aa', 'bb']) + object(2, ['cc']));
    expect(plain.rows).toBe(4);
    expect(objects(object(1, ['bb', 'aa']) + object(2, ['cc']))).not.toEqual(plain);
    expect(objects(object(1, ['cc']) + object(2, ['aa', 'bb']))).not.toEqual(plain);
    expect(objects(object(2, ['cc']) + object(1, ['aa', 'bb']))).toEqual(plain);
  });

  it('refuses a script that ends within a table or a statement', () => {
    expect(() => read(`${HEAD}COPY public.t (a) FROM stdin;\n1\n`)).toThrow(
      'the script ends within "public"."t"',
    );
    expect(() => read(`${HEAD}SELECT pg_catalog.setval('public.s`)).toThrow(
      'the script ends within a statement',
    );
  });
});
