import { createHash, type Hash } from 'node:crypto';
import { keyOf, type TableData, type TableName } from '../../prove/tables';
import { sequenceOfSetval, tableOfCopy } from './names';
import { RowDigest } from '../../prove/row-digest';
import { StatementCutter } from './statements';

const NEWLINE = 10;

/** Rows longer than this are hashed in pieces. */
const LONG_ROW_BYTES = 256 * 1024;

/** Where a sequence stands. */
export interface SequenceValue extends TableName {
  readonly statement: string;
}

/** What a dump holds besides its definitions. */
export interface DumpData {
  /** By {@link keyOf}. */
  readonly tables: ReadonlyMap<string, TableData>;
  /** By {@link keyOf}: the statement that sets the sequence's value. */
  readonly sequences: ReadonlyMap<string, SequenceValue>;
  /** Large objects with their numbers, contents and owners. */
  readonly largeObjects: { readonly rows: number; readonly digest: string };
}

/** Statements that only prepare the session. */
const PREPARATION = /^(SET |SELECT pg_catalog\.set_config\(|BEGIN;|COMMIT;)/;

interface OpenTable extends TableName {
  readonly columns: string;
  readonly rows: RowDigest;
}

/**
 * Reads a script of `pg_restore --data-only` as it comes and digests what it would load. Memory does not grow with the data,
 * only with the number of tables.
 */
export class ScriptReader {
  private readonly cutter = new StatementCutter();
  private readonly tables = new Map<string, OpenTable>();
  private readonly sequences = new Map<string, SequenceValue>();
  private readonly largeObjects = new RowDigest();
  private copying: OpenTable | undefined;
  private skipLine = false;
  private rowPieces: Buffer[] = [];
  private rowBytes = 0;
  private rowHash: Hash | undefined;
  private object: Hash | undefined;

  /** Reads the next bytes of the script. */
  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      at = this.copying === undefined ? this.readStatement(chunk, at) : this.readRow(this.copying, chunk, at);
    }
  }

  /**
   * What the script held.
   *
   * @throws Error when it ended in the middle of a statement or of a table
   */
  finish(): DumpData {
    if (this.copying !== undefined) throw new Error(`the script ends within ${keyOf(this.copying)}`);
    if (!this.cutter.isBetweenStatements) throw new Error('the script ends within a statement');
    const tables = [...this.tables].map(([key, { schema, table, columns, rows }]): [string, TableData] => [
      key,
      { schema, table, columns, rows: rows.rows, digest: rows.digest() },
    ]);
    return {
      tables: new Map(tables),
      sequences: this.sequences,
      largeObjects: { rows: this.largeObjects.rows, digest: this.largeObjects.digest() },
    };
  }

  private readStatement(chunk: Buffer, from: number): number {
    const { statement, at } = this.cutter.next(chunk, from);
    if (statement !== undefined) this.take(statement.toString('utf8'));
    return at;
  }

  private take(statement: string): void {
    const name = tableOfCopy(statement);
    const sequence = sequenceOfSetval(statement);
    if (name !== undefined) this.openTable(name, statement);
    else if (sequence !== undefined) this.sequences.set(keyOf(sequence), { ...sequence, statement });
    else if (!PREPARATION.test(statement)) this.takeLargeObject(statement);
  }

  private openTable(name: TableName, statement: string): void {
    const key = keyOf(name);
    const columns = statement.slice(statement.indexOf('('), statement.lastIndexOf(')') + 1);
    const table = this.tables.get(key) ?? { ...name, columns, rows: new RowDigest() };
    this.tables.set(key, table);
    this.copying = table;
    this.skipLine = true;
  }

  /** What is neither rows, nor a sequence, nor preparation, belongs to large objects. Writes follow the opening of theirs. */
  private takeLargeObject(statement: string): void {
    if (statement.startsWith('SELECT pg_catalog.lo_open(')) this.object = createHash('sha256');
    if (this.object === undefined) {
      this.largeObjects.addRow(statement);
      return;
    }
    this.object.update(statement);
    if (!statement.startsWith('SELECT pg_catalog.lo_close(')) return;
    this.largeObjects.add(this.object.digest());
    this.object = undefined;
  }

  private readRow(table: OpenTable, chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(NEWLINE, from);
    if (newline === -1) {
      this.keep(chunk.subarray(from));
      return chunk.length;
    }
    const end = chunk.subarray(from, newline);
    if (this.skipLine) this.skipLine = false;
    else if (this.rowBytes === 0) this.finishRow(table, end);
    else {
      this.keep(end);
      this.finishKept(table);
    }
    return newline + 1;
  }

  private finishRow(table: OpenTable, row: Buffer): void {
    if (row.length === 2 && row.toString('latin1') === '\\.') this.copying = undefined;
    else table.rows.addRow(row);
  }

  private finishKept(table: OpenTable): void {
    if (this.rowHash === undefined) this.finishRow(table, Buffer.concat(this.rowPieces));
    else {
      for (const piece of this.rowPieces) this.rowHash.update(piece);
      table.rows.add(this.rowHash.digest());
    }
    this.rowPieces = [];
    this.rowBytes = 0;
    this.rowHash = undefined;
  }

  /** Keeps the piece of a row that goes on in the next chunk. */
  private keep(piece: Buffer): void {
    if (this.skipLine || piece.length === 0) return;
    this.rowPieces.push(Buffer.from(piece));
    this.rowBytes += piece.length;
    if (this.rowBytes < LONG_ROW_BYTES) return;
    this.rowHash ??= createHash('sha256');
    for (const part of this.rowPieces) this.rowHash.update(part);
    this.rowPieces = [];
  }
}
