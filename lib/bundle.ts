import { join } from 'node:path';
import { AssetHashType, type AssetOptions, BundlingOutput, DockerImage } from 'aws-cdk-lib';
import { buildSync } from 'esbuild';

/** Where the app's own sources stand. */
const PROJECT = join(__dirname, '..');

/** What is bundled. */
export interface Bundle {
  /** Folder of the project. */
  readonly folder: string;
  /** Files in it, without ending; each becomes one file that needs no other. */
  readonly entries: readonly string[];
  /** Ending of the results, with its dot. */
  readonly ending: string;
}

/** CDK's own Node.js bundling starts a shell and npx per function; one call for all takes a tenth of the time. */
function build({ folder, entries, ending }: Bundle, outputDirectory: string): boolean {
  buildSync({
    absWorkingDir: PROJECT,
    entryPoints: entries.map((entry) => join(folder, `${entry}.ts`)),
    outdir: outputDirectory,
    outExtension: { '.js': ending },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // ES modules first: only they let what nobody uses be left out, which is most of an SDK client.
    mainFields: ['module', 'main'],
    // pg tries it and does without: a native addon has no place in one file.
    external: ['pg-native'],
    logLevel: 'warning',
  });
  return true;
}

/** Path and options of an asset: the same source gives the same bytes, and so the same hash. No Docker, no network. */
export function bundled(bundle: Bundle): AssetOptions & { readonly path: string } {
  return {
    path: join(PROJECT, bundle.folder),
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never used, since the bundling is local.
      image: DockerImage.fromRegistry('scratch'),
      local: { tryBundle: (outputDirectory) => build(bundle, outputDirectory) },
      outputType: bundle.entries.length === 1 ? BundlingOutput.SINGLE_FILE : BundlingOutput.NOT_ARCHIVED,
    },
  };
}
