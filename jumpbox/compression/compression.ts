import { plainEnvironment, type Program, start } from '../process/program';
import { versionLine } from '../process/version';

/** How objects get small, and large again. */
export interface Compression {
  /** Last part of the objects' names. */
  readonly ending: string;
  /** What the tool says about its version. */
  tool(): Promise<string>;
  /**
   * Compresses what it is given.
   *
   * @param key - of the object that it becomes
   */
  compress(key: string): Program;
  decompress(): Program;
}

/** A stream all the way: nothing touches a disk. */
export const zstd = (level: number): Compression => ({
  ending: 'zst',
  tool: () => versionLine('zstd'),
  compress: () =>
    start('zstd', ['-q', '-c', '-T0', `-${String(level)}`], { environment: plainEnvironment() }),
  decompress: () => start('zstd', ['-q', '-d', '-c'], { environment: plainEnvironment() }),
});
