import { buildSync } from 'esbuild';
import { join } from 'node:path';

/**
 * Turns one of the lab's own small programs into a file that plain Node can start quickly, without a TypeScript loader.
 *
 * @param source - the TypeScript file, relative to `lab/`
 * @param outfile - where the program is written
 */
export function buildProgram(source: string, outfile: string): void {
  buildSync({
    entryPoints: [join(__dirname, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'silent',
  });
}
