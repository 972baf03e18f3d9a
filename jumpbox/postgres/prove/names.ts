import type { TableName } from '../../prove/tables';

/** Reads one identifier, quoted or plain, at a place of a statement. */
function identifierAt(text: string, at: number): { readonly name: string; readonly end: number } | undefined {
  const pattern = /"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*)/uy;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [whole, quoted, plain] = match;
  return { name: quoted?.replaceAll('""', '"') ?? plain ?? '', end: at + whole.length };
}

/** The table of a `COPY schema.table (…) FROM stdin;`; undefined when the statement is another. */
export function tableOfCopy(statement: string): TableName | undefined {
  const start = 'COPY ';
  if (!statement.startsWith(start) || !/\sFROM stdin;$/.test(statement)) return undefined;
  const schema = identifierAt(statement, start.length);
  if (schema === undefined || statement[schema.end] !== '.') return undefined;
  const table = identifierAt(statement, schema.end + 1);
  return table === undefined ? undefined : { schema: schema.name, table: table.name };
}

/** The sequence of a `SELECT pg_catalog.setval('schema.sequence', …);`; undefined when the statement is another. */
export function sequenceOfSetval(statement: string): TableName | undefined {
  const literal = /^SELECT pg_catalog\.setval\('((?:[^']|'')+)'/.exec(statement)?.[1]?.replaceAll("''", "'");
  if (literal === undefined) return undefined;
  const schema = identifierAt(literal, 0);
  if (schema === undefined || literal[schema.end] !== '.') return undefined;
  const table = identifierAt(literal, schema.end + 1);
  return table === undefined ? undefined : { schema: schema.name, table: table.name };
}
