const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Shows what a step is doing at the moment. */
export type Progress = (text: string) => void;

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/**
 * Prints what happens, step by step: what, the outcome, how long. On a terminal the running step moves; elsewhere each
 * change of its progress is a line.
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
   * @param work - does it; what it returns is printed as the outcome
   * @throws whatever the work throws, after having printed that the step failed
   */
  async step(title: string, work: (progress: Progress) => Promise<string>): Promise<void> {
    this.count += 1;
    const began = Date.now();
    const head = `${String(this.count).padStart(2)}  ${title}`;
    const display = this.out.isTTY ? this.spin(head, began) : this.lines(head);
    try {
      const outcome = await work(display.progress);
      display.end(`${head}  ✓ ${seconds(began)}`);
      for (const line of outcome.split('\n').filter((text) => text !== '')) this.say(`      ${line}`);
    } catch (error) {
      display.end(`${head}  ✗ ${seconds(began)}`);
      throw error;
    }
  }

  /** The closing line's figure: time since the timeline began. */
  total(): string {
    return seconds(this.started);
  }

  private lines(head: string): { progress: Progress; end: (line: string) => void } {
    let last = '';
    this.say(head);
    return {
      progress: (text) => {
        if (text !== last) this.say(`      … ${text}`);
        last = text;
      },
      end: (line) => {
        this.say(line);
      },
    };
  }

  private spin(head: string, began: number): { progress: Progress; end: (line: string) => void } {
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
      end: (line) => {
        clearInterval(timer);
        this.out.write(`\r\u001b[2K${line}\n`);
      },
    };
  }
}
