import type { IntakeRules } from '../../../contract/intake';
import { gzipBomb, ZipMeter } from './bombs';
import { credentialsIn, OVERLAP_BYTES } from './credentials';
import type { Finding } from './finding';
import { contradictionIn, kindOf } from './kinds';

/** Looks at one file's content, chunk by chunk in order, and keeps no more of it than the end of the last chunk. */
export class ContentChecks {
  /** Reasons why the file is taken, but named. */
  readonly flags = new Set<string>();
  private tail: Buffer = Buffer.alloc(0);
  private zip: ZipMeter | undefined;

  constructor(
    private readonly path: string,
    private readonly bytes: number,
    private readonly rules: IntakeRules,
  ) {}

  /**
   * @param isFirst - the chunk is the beginning of the file
   * @returns why the file is refused, if it is
   */
  async take(chunk: Buffer, isFirst: boolean): Promise<string | undefined> {
    const findings = [
      ...(isFirst ? contradictionIn(this.path, chunk) : []),
      ...credentialsIn(this.tail.length === 0 ? chunk : Buffer.concat([this.tail, chunk])),
      ...(await this.bombs(chunk, isFirst)),
    ];
    this.tail = Buffer.from(chunk.subarray(Math.max(0, chunk.length - OVERLAP_BYTES)));
    return this.judge(findings);
  }

  private async bombs(chunk: Buffer, isFirst: boolean): Promise<Finding[]> {
    if (this.rules.bombs === 'allow') return [];
    const kind = isFirst ? kindOf(chunk) : undefined;
    if (kind === 'zip') this.zip = new ZipMeter(this.bytes);
    if (kind === 'gzip') return gzipBomb(chunk);
    return this.zip?.take(chunk) ?? [];
  }

  private judge(findings: readonly Finding[]): string | undefined {
    for (const { rule, reason } of findings) {
      if (this.rules[rule] === 'refuse') return reason;
      if (this.rules[rule] === 'flag') this.flags.add(reason);
    }
    return undefined;
  }
}
