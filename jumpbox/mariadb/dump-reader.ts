import { createHash, type Hash } from 'node:crypto';
import { RowDigest } from '../prove/row-digest';
import { keyOf, type TableData, type TableName } from '../prove/tables';
import { createdTable, insertedTable, MariadbStatements } from './statements';

const [NEWLINE, PARENTHESIS, CLOSING, COMMA, SEMICOLON] = [10, 40, 41, 44, 59];

/** Rows longer than this are hashed in pieces. */
const LONG_ROW_BYTES = 256 * 1024;

/** What a dump holds. */
export interface DumpContents {
  /** By {@link keyOf}; the schema is the database's name. */
  readonly tables: ReadonlyMap<string, TableData>;
  /** Every statement but those that hold rows. */
  readonly statements: readonly string[];
}

interface OpenTable extends TableName {
  columns: string;
  counted: number;
  readonly rows: RowDigest;
}

/** How much a reader does: `count` rows, or `digest` them and keep the statements besides. */
export type Depth = 'count' | 'digest';

/**
 * Reads what mariadb-dump writes as it comes. It writes one row a line (`(1,'a'),` and at last `(2,'b');`), with line breaks in
 * values escaped, and everything else as statements. Memory does not grow with the data.
 */
export class DumpReader {
  private readonly cutter = new MariadbStatements();
  private readonly tables = new Map<string, OpenTable>();
  private readonly statements: string[] = [];
  private filling: OpenTable | undefined;
  private rowBytes = 0;
  private pieces: Buffer[] = [];
  private hash: Hash | undefined;
  private firstByte = 0;
  /** The last two bytes of the row so far. */
  private ending: readonly [number, number] = [0, 0];

  constructor(
    private readonly database: string,
    private readonly depth: Depth,
  ) {}

  /**
   * Reads the next bytes.
   *
   * @throws Error when rows are written in another form than this reader knows
   */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.filling === undefined ? this.readStatement(chunk, at) : this.readRow(this.filling, chunk, at);
    }
  }

  /** The table whose rows are being read. */
  get table(): string | undefined {
    return this.filling?.table;
  }

  /**
   * What the dump held.
   *
   * @throws Error when it ended in the middle of a statement or of a table
   */
  finish(): DumpContents {
    if (this.filling !== undefined) throw new Error(`the dump ends within ${keyOf(this.filling)}`);
    if (!this.cutter.isBetweenStatements) throw new Error('the dump ends within a statement');
    const tables = [...this.tables].map(([key, { schema, table, columns, counted, rows }]) => {
      const digest = this.depth === 'digest' ? rows.digest() : '';
      return [key, { schema, table, columns, rows: counted, digest }] as const;
    });
    return { tables: new Map(tables), statements: this.statements };
  }

  private readStatement(chunk: Buffer, from: number): number {
    const { statement, at, beginsRows } = this.cutter.next(chunk, from);
    if (statement === undefined) return at;
    if (beginsRows) this.filling = this.tableOfInsert(statement);
    else this.take(statement);
    return at;
  }

  /** @throws Error for rows that would not be counted */
  private take(statement: string): void {
    if (/^(INSERT|REPLACE)\b/i.test(statement)) throw unknownForm(statement);
    if (this.depth === 'digest') this.statements.push(statement);
    const table = createdTable(statement);
    if (table !== undefined) this.open(table);
  }

  private open(table: string): OpenTable {
    const name = { schema: this.database, table };
    const key = keyOf(name);
    const open = this.tables.get(key) ?? { ...name, columns: '', counted: 0, rows: new RowDigest() };
    this.tables.set(key, open);
    return open;
  }

  private tableOfInsert(statement: string): OpenTable {
    const inserted = insertedTable(statement);
    if (inserted === undefined) throw unknownForm(statement);
    const table = this.open(inserted.table);
    table.columns = inserted.columns;
    return table;
  }

  private readRow(table: OpenTable, chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(NEWLINE, from);
    const end = newline === -1 ? chunk.length : newline;
    if (this.rowBytes === 0) this.firstByte = chunk[from] ?? 0;
    if (end - from >= 2) this.ending = [chunk[end - 2] ?? 0, chunk[end - 1] ?? 0];
    else if (end - from === 1) this.ending = [this.ending[1], chunk[from] ?? 0];
    if (newline === -1 || this.rowBytes > 0) this.keep(chunk.subarray(from, end), newline === -1);
    this.rowBytes += end - from;
    if (newline !== -1) this.finishRow(table, chunk.subarray(from, end));
    return newline === -1 ? chunk.length : newline + 1;
  }

  private finishRow(table: OpenTable, line: Buffer): void {
    const [closing, separator] = this.ending;
    const isRow = this.firstByte === PARENTHESIS && closing === CLOSING;
    if (!isRow || (separator !== COMMA && separator !== SEMICOLON))
      throw new Error(`the rows of ${keyOf(table)} are written in a form that is not known`);
    table.counted += 1;
    if (this.depth === 'digest') this.digestRow(table, line);
    if (separator === SEMICOLON) this.filling = undefined;
    this.pieces = [];
    this.rowBytes = 0;
    this.hash = undefined;
  }

  /** The separator after a row says nothing about the row. */
  private digestRow(table: OpenTable, line: Buffer): void {
    if (this.pieces.length === 0 && this.hash === undefined) {
      table.rows.addRow(line.subarray(0, -1));
      return;
    }
    const rest = Buffer.concat(this.pieces).subarray(0, -1);
    if (this.hash === undefined) table.rows.addRow(rest);
    else table.rows.add(this.hash.update(rest).digest());
  }

  /** Keeps a piece of a row that does not stand in one chunk; all but the last piece may be hashed before the row ends. */
  private keep(piece: Buffer, copy: boolean): void {
    if (this.depth === 'count' || piece.length === 0) return;
    const waiting = this.pieces.reduce((sum, one) => sum + one.length, 0);
    if (waiting > LONG_ROW_BYTES) {
      this.hash ??= createHash('sha256');
      for (const part of this.pieces) this.hash.update(part);
      this.pieces = [];
    }
    this.pieces.push(copy ? Buffer.from(piece) : piece);
  }
}

const unknownForm = (statement: string): Error =>
  new Error(`the dump holds rows in a form that is not known: ${statement.slice(0, 80)}`);
