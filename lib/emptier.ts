import { Aws } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IDependable } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import { ControlFunction, LONGEST_RUN, runOnDeletion } from './control-function';
import type { Encryption } from './encryption';

/** Something with a bucket that can be emptied. */
export interface Emptiable {
  /** Lets a function delete all that is in the bucket, and tells it which bucket. */
  grantEmpty(emptier: ControlFunction): void;
}

/** Properties of {@link Emptier}. */
export interface EmptierProps {
  /**
   * Key of its function's logs.
   *
   * @defaultValue CloudWatch's own
   */
  readonly encryption?: Encryption;
  readonly bucket: Emptiable;
  /** What can only go when the bucket is empty: the bucket itself, at least. */
  readonly before: IDependable;
  /**
   * What the console shows of its function.
   *
   * @defaultValue it deletes every backup
   */
  readonly description?: string;
}

/**
 * Empties a bucket when the stack is deleted, of what is locked too, so that the bucket can go. Does nothing at any other
 * time, not even when an update takes it out of the stack.
 *
 * Whatever can still write to the bucket must be deleted before.
 */
export class Emptier extends Construct {
  constructor(scope: Construct, id: string, props: EmptierProps) {
    super(scope, id);
    const empty = new ControlFunction(this, 'Empty', {
      entry: 'empty',
      description: props.description ?? 'Deletes every backup when the stack is deleted (onDestroy: delete)',
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
    resource.node.addDependency(props.before);
  }
}
