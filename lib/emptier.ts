import { Aws } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import type { BackupBucket } from './backup-bucket';
import { ControlFunction, LONGEST_RUN, runOnDeletion } from './control-function';
import type { Encryption } from './encryption';

/** Properties of {@link Emptier}. */
export interface EmptierProps {
  readonly encryption: Encryption;
  readonly bucket: BackupBucket;
}

/**
 * Empties the bucket of backups when the stack is deleted, locked ones too, so that the bucket can go. Does nothing at any
 * other time, not even when an update takes it out of the stack.
 *
 * Whatever can still write to the bucket must be deleted before.
 */
export class Emptier extends Construct {
  constructor(scope: Construct, id: string, props: EmptierProps) {
    super(scope, id);
    const empty = new ControlFunction(this, 'Empty', {
      entry: 'empty',
      description: 'Deletes every backup when the stack is deleted (onDestroy: delete)',
      timeout: LONGEST_RUN,
      encryption: props.encryption,
    });
    empty.addToPolicy(
      new iam.PolicyStatement({
        sid: 'SeeWhetherTheStackIsDeleted',
        actions: ['cloudformation:DescribeStacks'],
        resources: [Aws.STACK_ID],
      }),
    );
    empty.addEnvironment(FUNCTION_ENVIRONMENT.stackId, Aws.STACK_ID);
    props.bucket.grantEmpty(empty);
    const resource = runOnDeletion(this, empty, LONGEST_RUN, 'Custom::DrawbridgeEmptier');
    // The bucket and the policy that lets it in go after it.
    resource.node.addDependency(props.bucket);
  }
}
