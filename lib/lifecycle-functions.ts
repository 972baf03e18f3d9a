import { Aws, Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import { DEFAULTS } from './config/defaults';
import { ControlFunction } from './control-function';
import type { Encryption } from './encryption';
import { ofSweep } from './monitoring/metrics';
import { grantLaunch, type LauncherProps } from './launcher';
import { describeInstances, terminateBoxes } from './permissions';

/**
 * Longest run of the function that opens boxes: some seconds as a rule, some 20 when EC2 is slow to show a launch or has no room
 * for the first types.
 */
export const CREATE_TIMEOUT = Duration.seconds(30);
/** Terminating is waited for. */
export const END_TIMEOUT = Duration.minutes(5);

/** Properties of {@link LifecycleFunctions}. */
export interface LifecycleFunctionsProps extends Omit<LauncherProps, 'source'> {
  /**
   * Key of their logs.
   *
   * @defaultValue CloudWatch's own
   */
  readonly encryption?: Encryption;
}

/** The functions that open and end boxes. */
export class LifecycleFunctions extends Construct {
  readonly create: ControlFunction;
  readonly destroy: ControlFunction;
  readonly sweep: ControlFunction;
  private readonly name: string;

  constructor(scope: Construct, id: string, props: LifecycleFunctionsProps) {
    super(scope, id);
    const { encryption } = props;
    this.create = new ControlFunction(this, 'Create', {
      entry: 'create',
      description: 'Opens a box ({} will do) or moves the expiry of one ({instanceId, ttlMinutes})',
      timeout: CREATE_TIMEOUT,
      encryption,
    });
    this.destroy = new ControlFunction(this, 'Destroy', {
      entry: 'destroy',
      description: 'Ends a box ({instanceId}) or every box of the stack ({all: true})',
      timeout: END_TIMEOUT,
      encryption,
    });
    this.sweep = new ControlFunction(this, 'Sweep', {
      entry: 'sweep',
      description: 'Ends every box past its expiry and aborts the uploads of dead boxes',
      timeout: END_TIMEOUT,
      encryption,
    });
    for (const one of [this.create, this.destroy, this.sweep]) {
      one.addEnvironment(FUNCTION_ENVIRONMENT.stackId, Aws.STACK_ID);
      // Create ends boxes too: one that came too late, or is one too many.
      one.addToPolicy(describeInstances(), terminateBoxes(this));
    }
    grantLaunch(this.create, props);
    this.name = props.name ?? DEFAULTS.name;
    this.sweep.addEnvironment(FUNCTION_ENVIRONMENT.name, this.name);
  }

  /** Lets somebody open boxes and move their expiry. */
  grantOpen(grantee: iam.IGrantable): iam.Grant {
    return this.create.grantInvoke(grantee);
  }

  /** Lets somebody end boxes. */
  grantClose(grantee: iam.IGrantable): iam.Grant {
    return this.destroy.grantInvoke(grantee);
  }

  /** Boxes that a sweep had to end, since they had not ended themselves; by default the sum over five minutes. */
  metricSwept(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return ofSweep(this.name, 'sweptBoxes', { statistic: 'Sum', ...options });
  }

  /** Boxes that live past their expiry, as each sweep finds them; by default the most of five minutes. */
  metricPastExpiry(options: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return ofSweep(this.name, 'boxesPastExpiry', { statistic: 'Maximum', ...options });
  }
}
