import type { Ui } from './ui';

/** What has to be undone, whatever happens: the last first. */
export class Cleanup {
  private readonly work: { readonly what: string; readonly undo: () => Promise<unknown> }[] = [];

  constructor(private readonly ui: Ui) {}

  /** @param what - for the warning when it fails: "close the box i-…" */
  add(what: string, undo: () => Promise<unknown>): void {
    this.work.push({ what, undo });
  }

  /** Undoes everything; what fails is said, and the rest goes on. */
  async run(): Promise<void> {
    for (const { what, undo } of this.work.splice(0).reverse()) {
      try {
        await undo();
      } catch (error) {
        this.ui.warn(`Could not ${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
}
