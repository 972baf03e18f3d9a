const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Away from a terminal, a step's progress is a line at most so often. */
const QUIET_MILLISECONDS = 5_000;

/** Shows what a step is doing at the moment. */
export type Progress = (text: string) => void;

/** How a running step is shown. */
interface Display {
  readonly progress: Progress;
  readonly end: (mark: string, took: string) => void;
}

const textOf = (result: unknown): string => (typeof result === 'string' ? result : '');

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/**
 * Prints what happens, step by step: what, the outcome, how long. On a terminal the running step moves; elsewhere its progress
 * is a line every few seconds.
 */
export class Timeline {
  private readonly started = Date.now();
  private count = 0;

  constructor(private readonly out: NodeJS.WriteStream = process.stdout) {}

  /** A line between steps. */
  say(text: string): void {
    this.out.write(`${text}\n`);
  }

  /**
   * Runs one step.
   *
   * @param title - what happens, in words for somebody who sees it for the first time
   * @param work - does it
   * @param outcome - puts what the work returned into words; by default, text is printed as it is
   * @returns what the work returned
   * @throws whatever the work throws, after having printed that the step failed
   */
  async step<T>(
    title: string,
    work: (progress: Progress) => Promise<T>,
    { outcome = textOf }: { outcome?: (result: T) => string } = {},
  ): Promise<T> {
    this.count += 1;
    const began = Date.now();
    const head = `${String(this.count).padStart(2)}  ${title}`;
    const display = this.out.isTTY ? this.spin(head, began) : this.lines(head);
    try {
      const result = await work(display.progress);
      display.end('✓', seconds(began));
      const lines = outcome(result).split('\n');
      for (const line of lines.filter((text) => text !== '')) this.say(`      ${line}`);
      return result;
    } catch (error) {
      display.end('✗', seconds(began));
      throw error;
    }
  }

  /** The closing line's figure: time since the timeline began. */
  total(): string {
    return seconds(this.started);
  }

  private lines(head: string): Display {
    let last = Date.now();
    this.say(head);
    return {
      progress: (text) => {
        if (text === '' || Date.now() - last < QUIET_MILLISECONDS) return;
        this.say(`      … ${text}`);
        last = Date.now();
      },
      end: (mark, took) => {
        this.say(`    ${mark} ${took}`);
      },
    };
  }

  private spin(head: string, began: number): Display {
    let text = '';
    let frame = 0;
    const draw = (): void => {
      frame = (frame + 1) % FRAMES.length;
      const line = `${FRAMES[frame] ?? ''} ${head}  ${seconds(began)}  ${text}`;
      this.out.write(`\r\u001b[2K${line.slice(0, this.out.columns - 1)}`);
    };
    const timer = setInterval(draw, 100);
    return {
      progress: (latest) => {
        text = latest;
      },
      end: (mark, took) => {
        clearInterval(timer);
        this.out.write(`\r\u001b[2K${mark} ${head}  ${took}\n`);
      },
    };
  }
}
