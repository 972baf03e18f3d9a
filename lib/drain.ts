import { Aws, type CustomResource } from 'aws-cdk-lib';
import { Construct, type IConstruct, type IDependable } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import { ControlFunction, LONGEST_RUN, runOnDeletion } from './control-function';
import type { Encryption } from './encryption';
import type { Jumpbox } from './jumpbox';
import { describeInstances, terminateBoxes } from './permissions';

/** Properties of {@link Drain}. */
export interface DrainProps {
  /**
   * Key of its function's logs.
   *
   * @defaultValue CloudWatch's own
   */
  readonly encryption?: Encryption;
}

/**
 * Terminates every box when the stack is deleted. CloudFormation does not know instances that a function launched, and
 * would fail on the subnets and security groups that they hold.
 */
export class Drain extends Construct {
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: DrainProps = {}) {
    super(scope, id);
    const drain = new ControlFunction(this, 'Drainer', {
      entry: 'drain',
      description: 'Terminates every box of the stack when the stack is deleted',
      timeout: LONGEST_RUN,
      encryption: props.encryption,
    });
    drain.addToPolicy(describeInstances(), terminateBoxes(this));
    drain.addEnvironment(FUNCTION_ENVIRONMENT.stackId, Aws.STACK_ID);
    this.resource = runOnDeletion(this, drain, LONGEST_RUN, 'Custom::DrawbridgeDrain');
  }

  /**
   * Ends these. Their launch templates go before the last look: a create call that outlives its function can launch nothing
   * from then on. What a box holds goes after it.
   */
  ends(...boxes: Jumpbox[]): void {
    for (const { blueprint } of boxes) {
      this.before(...blueprint.held);
      this.after(blueprint.template);
    }
  }

  /** These go only when every box is gone: boxes hold them, or need them to be ended. */
  before(...needed: IDependable[]): void {
    this.resource.node.addDependency(...needed);
  }

  /** These go first: they could open another box. */
  after(...launchers: IConstruct[]): void {
    for (const launcher of launchers) launcher.node.addDependency(this.resource);
  }
}
