const CODE = { newline: 10, quote: 34, apostrophe: 39, dash: 45, semicolon: 59, backslash: 92 } as const;

type State = 'start' | 'statement' | 'quote' | 'apostrophe' | 'line';

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/**
 * Cuts the SQL between the rows of a dump into statements. Knows quoted names and strings (which may hold line breaks and
 * semicolons), comments, and psql's own commands; the last two are skipped. Strings are standard ones, as dumps set them.
 */
export class StatementCutter {
  private state: State = 'start';
  private readonly pieces: Buffer[] = [];
  private previous = 0;

  /**
   * Reads on until a statement ends.
   *
   * @returns the statement's bytes and where the next begins; or no statement when the chunk ended first
   */
  next(chunk: Buffer, from: number): { readonly statement: Buffer | undefined; readonly at: number } {
    let begin = from;
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      const before = this.previous;
      this.previous = byte;
      if (this.state === 'start') {
        if (isSpace(byte)) begin = at + 1;
        else this.state = byte === CODE.backslash ? 'line' : this.enter(byte);
      } else if (this.state === 'line') {
        if (byte === CODE.newline) {
          this.restart();
          begin = at + 1;
        }
      } else if (this.state !== 'statement') {
        if (byte === CODE[this.state]) this.state = 'statement';
      } else if (byte === CODE.dash && before === CODE.dash && this.isComment(at - begin)) {
        this.state = 'line';
      } else if (byte === CODE.semicolon) {
        const statement = Buffer.concat([...this.pieces, chunk.subarray(begin, at + 1)]);
        this.restart();
        return { statement, at: at + 1 };
      } else {
        this.state = this.enter(byte);
      }
    }
    this.pieces.push(Buffer.from(chunk.subarray(begin)));
    return { statement: undefined, at: chunk.length };
  }

  /** Whether nothing but white space and comments was left over. */
  get isBetweenStatements(): boolean {
    return this.state === 'start' || this.state === 'line';
  }

  private enter(byte: number): State {
    if (byte === CODE.quote) return 'quote';
    return byte === CODE.apostrophe ? 'apostrophe' : 'statement';
  }

  /** Dumps comment whole lines only: a comment is what begins with two dashes. */
  private isComment(bytesBefore: number): boolean {
    return this.pieces.reduce((sum, piece) => sum + piece.length, bytesBefore) === 1;
  }

  private restart(): void {
    this.state = 'start';
    this.pieces.length = 0;
    this.previous = 0;
  }
}
