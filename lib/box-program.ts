import * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { BOX_PROGRAM } from './bundle';
import { bundled } from './bundled';
import type { Jumpbox } from './jumpbox';

/** The program of the boxes: one file, so that nothing else has to reach them, in the bucket of the CDK's assets. */
export class BoxProgram extends Construct {
  readonly asset: Asset;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.asset = new Asset(this, 'Asset', bundled(BOX_PROGRAM));
  }

  /** Lets boxes fetch this one object; a grant of the asset would open the whole bucket, other apps' assets included. */
  grantFetch(box: Jumpbox): void {
    box.addToPolicy(
      new iam.PolicyStatement({
        sid: 'FetchProgram',
        actions: ['s3:GetObject'],
        resources: [this.asset.bucket.arnForObjects(this.asset.s3ObjectKey)],
      }),
    );
  }
}
