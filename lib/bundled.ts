import { join } from 'node:path';
import { AssetHashType, type AssetOptions, BundlingOutput, DockerImage } from 'aws-cdk-lib';
import { type Bundle, buildBundle, PROJECT } from './bundle';

/** Path and options of an asset: the same source gives the same bytes, and so the same hash. No Docker, no network. */
export function bundled(bundle: Bundle): AssetOptions & { readonly path: string } {
  return {
    path: join(PROJECT, bundle.folder),
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never used, since the bundling is local.
      image: DockerImage.fromRegistry('scratch'),
      local: {
        tryBundle: (outputDirectory) => {
          buildBundle(bundle, outputDirectory);
          return true;
        },
      },
      outputType: bundle.entries.length === 1 ? BundlingOutput.SINGLE_FILE : BundlingOutput.NOT_ARCHIVED,
    },
  };
}
