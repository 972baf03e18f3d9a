/** A part of a dump's text: a statement, or the head of one whose rows follow. */
export interface Cut {
  /** Without white space around it and without its delimiter; undefined when the chunk ended first. */
  readonly statement: string | undefined;
  /** Where the next begins. */
  readonly at: number;
  /** Whether rows follow, one a line. */
  readonly beginsRows: boolean;
}

const NEWLINE = 10;
const BACKSLASH = 92;
const APOSTROPHE = 39;
const QUOTATION_MARK = 34;
const SEMICOLON = 59;
const DASH = 45;
const BACKTICK = 96;
const PARENTHESIS = 40;

/** Characters of a statement's beginning and end that are looked at while it goes on. */
const [HEAD, TAIL] = [32, 16];

/** What stands before the first row where the columns are named, as for tables with invisible ones: no line break follows. */
const BEFORE_ROW = 'VALUES ';

const NAME = '`((?:[^`]|``)+)`';
const INSERT = new RegExp(`^INSERT INTO ${NAME} (?:\\(((?:${NAME}(?:, ?)?)+)\\) )?VALUES$`);
const CREATE = new RegExp(`^CREATE TABLE ${NAME} \\(`);
/** Line breaks end only such statements, and the head of rows. */
const LINES = /^\s*(INSERT INTO `|DELIMITER )/;
const SANDBOX = /^\/\*M!\d+\\-/;

const isBlank = (text: string): boolean => text.trim() === '';
const unquoted = (name: string): string => name.replaceAll('``', '`');

/** Table and columns of an `INSERT INTO … VALUES` whose rows follow; undefined for anything else. */
export function insertedTable(
  head: string,
): { readonly table: string; readonly columns: string } | undefined {
  const [, table, columns = ''] = INSERT.exec(head) ?? [];
  return table === undefined ? undefined : { table: unquoted(table), columns };
}

/** The table that a statement creates; undefined for anything else. */
export function createdTable(statement: string): string | undefined {
  const table = CREATE.exec(statement)?.[1];
  return table === undefined ? undefined : unquoted(table);
}

/**
 * Cuts what mariadb-dump writes into statements, as the client does that reads it: quoted names and strings may hold anything;
 * between `DELIMITER ;;` and `DELIMITER ;` (routines, triggers, events) a statement ends with a line that ends so. Comments
 * from two dashes on and the line that switches the client's sandbox on are skipped.
 */
export class MariadbStatements {
  private pieces: Buffer[] = [];
  /** The first and the last characters of the pieces. */
  private head = '';
  private tail = '';
  /** Whether the pieces hold a line break that ended nothing. */
  private isContinued = false;
  private quote: number | undefined;
  private escaped = false;
  private delimiter = ';';
  private isComment = false;

  /** Whether nothing but white space and comments was left over. */
  get isBetweenStatements(): boolean {
    return this.pieces.length === 0 && this.delimiter === ';';
  }

  /** Reads on until a statement ends, or rows begin. */
  next(chunk: Buffer, from: number): Cut {
    let begin = from;
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.isQuoted(byte)) continue;
      const head = byte === PARENTHESIS ? this.headBefore(chunk, begin, at) : undefined;
      if (head !== undefined) {
        this.restart();
        return { statement: head, at, beginsRows: true };
      }
      if (byte === DASH && isBlank(this.head) && isBlank(chunk.toString('latin1', begin, at)))
        this.isComment = true;
      if (byte !== NEWLINE && !(byte === SEMICOLON && this.isPlain)) continue;
      this.keep(chunk.subarray(begin, at + 1));
      begin = at + 1;
      const cut = this.judge(byte);
      if (cut !== undefined) return { ...cut, at: begin };
    }
    this.keep(chunk.subarray(begin));
    return { statement: undefined, at: chunk.length, beginsRows: false };
  }

  /** The head of rows that ends just there. */
  private headBefore(chunk: Buffer, begin: number, at: number): string | undefined {
    if (!this.isPlain) return undefined;
    const before = this.tail + chunk.toString('latin1', Math.max(begin, at - TAIL), at);
    if (!before.endsWith(BEFORE_ROW)) return undefined;
    const text = Buffer.concat([...this.pieces, chunk.subarray(begin, at)])
      .toString('utf8')
      .trim();
    return insertedTable(text) === undefined ? undefined : text;
  }

  /** Neither a routine's text nor a comment: a semicolon ends a statement. */
  private get isPlain(): boolean {
    return this.delimiter === ';' && !this.isComment;
  }

  /** Judges what was kept so far, which ends with a line or a semicolon. Undefined when nothing ends here. */
  private judge(byte: number): Omit<Cut, 'at'> | undefined {
    if (this.isComment) {
      this.isComment = false;
      this.restart();
      return undefined;
    }
    const mayEnd = this.isPlain
      ? byte === SEMICOLON || LINES.test(this.head)
      : this.tail.trimEnd().endsWith(this.delimiter);
    const cut = mayEnd || !this.isContinued ? this.ending(byte) : undefined;
    if (byte === NEWLINE && this.pieces.length > 0) this.isContinued = true;
    return cut;
  }

  private ending(byte: number): Omit<Cut, 'at'> | undefined {
    const text = Buffer.concat(this.pieces).toString('utf8').trim();
    if (text === '' || SANDBOX.test(text)) {
      this.restart();
      return undefined;
    }
    if (text.startsWith('DELIMITER ')) {
      if (byte !== NEWLINE) return undefined;
      this.delimiter = text.slice('DELIMITER '.length);
      this.restart();
      return undefined;
    }
    const isWhole = this.isPlain ? byte === SEMICOLON : text.endsWith(this.delimiter);
    const beginsRows = !isWhole && insertedTable(text) !== undefined;
    if (!isWhole && !beginsRows) return undefined;
    this.restart();
    return { statement: isWhole ? text.slice(0, -this.delimiter.length).trimEnd() : text, beginsRows };
  }

  /** Whether a byte belongs to a quoted name or string. What routines and comments hold is not looked into. */
  private isQuoted(byte: number): boolean {
    if (!this.isPlain) return false;
    if (this.quote === undefined) {
      if (byte === BACKTICK || byte === APOSTROPHE || byte === QUOTATION_MARK) this.quote = byte;
      return this.quote !== undefined;
    }
    if (this.escaped) this.escaped = false;
    else if (byte === BACKSLASH && this.quote !== BACKTICK) this.escaped = true;
    else if (byte === this.quote) this.quote = undefined;
    return true;
  }

  private keep(piece: Buffer): void {
    if (piece.length === 0) return;
    this.pieces.push(Buffer.from(piece));
    if (this.head.length < HEAD) this.head = (this.head + piece.toString('latin1', 0, HEAD)).slice(0, HEAD);
    this.tail = (this.tail + piece.subarray(-TAIL).toString('latin1')).slice(-TAIL);
  }

  private restart(): void {
    this.pieces = [];
    this.head = '';
    this.tail = '';
    this.isContinued = false;
  }
}
