import * as iam from 'aws-cdk-lib/aws-iam';
import { BOX_ENVIRONMENT } from '../contract/environment';
import type { Jumpbox } from './jumpbox';
import type { Network } from './network';

/** Lets boxes read the password of archives, and tells them where it is. */
export function allowArchives(secretArn: string, network: Network, boxes: readonly Jumpbox[]): void {
  network.allowSecret(secretArn);
  for (const box of boxes) {
    box.addToPolicy(
      new iam.PolicyStatement({
        sid: 'ReadArchivePassword',
        actions: ['secretsmanager:GetSecretValue'],
        resources: [secretArn],
      }),
    );
    box.addEnvironment(BOX_ENVIRONMENT.archiveSecretArn, secretArn);
  }
}
