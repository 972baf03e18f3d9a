import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** Where the app's own sources stand. */
export const PROJECT = join(__dirname, '..');

/** What is bundled. */
export interface Bundle {
  /** Folder of the project. */
  readonly folder: string;
  /** Files in it, without ending; each becomes one file that needs no other. */
  readonly entries: readonly string[];
  /** Ending of the results, with its dot. */
  readonly ending: string;
}

/**
 * Writes each entry as one file into a directory.
 *
 * CDK's own Node.js bundling starts a shell and npx per function; one call for all takes a tenth of the time.
 */
export function buildBundle({ folder, entries, ending }: Bundle, outputDirectory: string): void {
  buildSync({
    absWorkingDir: PROJECT,
    entryPoints: entries.map((entry) => join(folder, `${entry}.ts`)),
    outdir: outputDirectory,
    outExtension: { '.js': ending },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Node keeps the text of a program in memory. Names stay: an error's stack can be read.
    minifyWhitespace: true,
    minifySyntax: true,
    // ES modules first: only they let what nobody uses be left out, which is most of an SDK client.
    mainFields: ['module', 'main'],
    // pg tries it and does without: a native addon has no place in one file.
    external: ['pg-native'],
    logLevel: 'warning',
  });
}

/** What runs on every box: one file, so that nothing else has to reach one. */
export const BOX_PROGRAM: Bundle = { folder: 'jumpbox', entries: ['main'], ending: '.cjs' };

/** Writes the program of the boxes into a directory; returns its path. */
export function buildBoxProgram(directory: string): string {
  buildBundle(BOX_PROGRAM, directory);
  return join(directory, 'main.cjs');
}
