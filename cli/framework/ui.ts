import type { Problem } from './problem';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** `util.styleText` would be these, but what it decides by itself about streams differs between versions of Node. */
const STYLES = {
  red: '\u001b[31m',
  green: '\u001b[32m',
  yellow: '\u001b[33m',
  bold: '\u001b[1m',
  dim: '\u001b[2m',
} as const;
const RESET = '\u001b[0m';
const CLEAR_LINE = '\r\u001b[2K';

/** Shows what a step is doing at the moment. */
export type Progress = (text: string) => void;

/** Where to print, and how. */
export interface UiOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Results and errors as JSON. */
  readonly json: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The only place that prints. Results go to standard output and nothing else does; progress goes to standard error, and only
 * to a terminal, so that whatever is piped stays quiet. Colour: on terminals, unless `NO_COLOR` is set.
 */
export class Ui {
  readonly json: boolean;
  /** Somebody is watching. */
  readonly isInteractive: boolean;
  private readonly colours: boolean;
  private spinning = false;

  constructor(private readonly options: UiOptions) {
    const { environment, stderr } = options;
    this.json = options.json;
    this.isInteractive = stderr.isTTY && environment.TERM !== 'dumb';
    this.colours = this.isInteractive && (environment.NO_COLOR ?? '') === '';
  }

  /** The command's result: `value` with `--json`, otherwise `text`. */
  result(value: unknown, text: string): void {
    const printed = this.json ? JSON.stringify(value, undefined, 2) : text;
    if (printed !== '') this.options.stdout.write(`${printed}\n`);
  }

  /** Something that happened while the command goes on: one line of JSON with `--json`, otherwise `text`. */
  event(value: unknown, text: string): void {
    this.options.stdout.write(`${this.json ? JSON.stringify(value) : text}\n`);
  }

  /** A line for whoever watches; nothing when nobody does. */
  say(line: string): void {
    if (this.isInteractive) this.line(line);
  }

  /** A line that matters even where nobody watches. */
  warn(line: string): void {
    this.line(this.styled('yellow', line));
  }

  /** The last thing a failing command prints. */
  problem({ message, next, exitCode }: Problem): void {
    if (this.json) {
      this.options.stderr.write(`${JSON.stringify({ error: { message, next, exitCode } })}\n`);
      return;
    }
    this.line(`${this.styled('red', 'drawbridge:')} ${message}`);
    if (next !== undefined) this.line(next);
  }

  /**
   * Shows a step while it runs, with how long it has taken; the line stays when it is done.
   *
   * @param done - words for the result; the title when left out
   */
  async step<T>(
    title: string,
    work: (progress: Progress) => Promise<T>,
    done: (result: T) => string = () => title,
  ): Promise<T> {
    if (!this.isInteractive || this.spinning) return work(() => undefined);
    const began = performance.now();
    let text = '';
    let frame = 0;
    const took = (): string => `${((performance.now() - began) / 1_000).toFixed(1)} s`;
    const timer = setInterval(() => {
      frame = (frame + 1) % FRAMES.length;
      const line = `${FRAMES[frame] ?? ''} ${title}  ${took()}  ${text}`;
      this.options.stderr.write(`${CLEAR_LINE}${line.slice(0, this.options.stderr.columns - 1)}`);
    }, FRAME_MS);
    const end = (mark: string, line: string): void => {
      this.options.stderr.write(`${CLEAR_LINE}${mark} ${line}  ${this.styled('dim', took())}\n`);
    };
    this.spinning = true;
    try {
      const result = await work((latest) => (text = latest));
      end(this.styled('green', '✓'), done(result));
      return result;
    } catch (error) {
      end(this.styled('red', '✗'), title);
      throw error;
    } finally {
      clearInterval(timer);
      this.spinning = false;
    }
  }

  /** Text in a colour or style, where there are colours. */
  styled(style: keyof typeof STYLES, text: string): string {
    return this.colours ? `${STYLES[style]}${text}${RESET}` : text;
  }

  private line(text: string): void {
    this.options.stderr.write(`${this.spinning ? CLEAR_LINE : ''}${text}\n`);
  }
}

/** Rows under headings, if there are any, in columns as wide as their widest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = headings.length === 0 ? rows : [headings, ...rows];
  const columns = Math.max(...all.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
