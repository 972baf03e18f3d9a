import { CustomResource, Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { bundled } from './bundled';
import { type Encryption, plainLogGroup } from './encryption';

/** Files in `lambda/` that export `handler`. The SDK is bundled: the version that was tested is the one that runs. */
const ENTRIES = ['create', 'destroy', 'sweep', 'drain', 'empty', 'retain'] as const;

/** Lambda's longest. */
export const LONGEST_RUN = Duration.minutes(15);

/** Properties of {@link ControlFunction}. */
export interface ControlFunctionProps {
  /** Which handler it is. */
  readonly entry: (typeof ENTRIES)[number];
  /** What the console shows. */
  readonly description: string;
  readonly timeout: Duration;
  /**
   * Key of its log group.
   *
   * @defaultValue CloudWatch's own
   */
  readonly encryption?: Encryption | undefined;
}

/**
 * A function of the control plane: outside the VPC, whose network interfaces would hold up the stack's deletion; with a
 * role of its own and a log group that goes with the stack. It may not create log groups, so that none comes back.
 * No concurrency is reserved: young accounts have none to spare, and the deployment would fail.
 */
export class ControlFunction extends Construct implements iam.IGrantable {
  readonly handler: lambda.Function;
  readonly role: iam.Role;
  readonly grantPrincipal: iam.IPrincipal;

  constructor(scope: Construct, id: string, props: ControlFunctionProps) {
    super(scope, id);
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: props.description,
    });
    this.grantPrincipal = this.role;
    const logGroup = props.encryption?.logGroup(this, 'Logs') ?? plainLogGroup(this, 'Logs');
    this.addToPolicy(
      new iam.PolicyStatement({
        sid: 'WriteLogs',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    const { path, ...options } = bundled({ folder: 'lambda', entries: ENTRIES, ending: '.js' });
    this.handler = new lambda.Function(this, 'Function', {
      code: lambda.Code.fromAsset(path, options),
      handler: `${props.entry}.handler`,
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 512,
      timeout: props.timeout,
      role: this.role,
      logGroup,
    });
  }

  /** Adds to what the function may do. */
  addToPolicy(...statements: iam.PolicyStatement[]): void {
    for (const statement of statements) this.role.addToPrincipalPolicy(statement);
  }

  /** Lets somebody call the function. */
  grantInvoke(grantee: iam.IGrantable): iam.Grant {
    return this.handler.grantInvoke(grantee);
  }

  /** Calls that failed; by default the sum over five minutes. */
  metricErrors(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.handler.metricErrors(options);
  }

  /** Calls; by default the sum over five minutes. */
  metricInvocations(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.handler.metricInvocations(options);
  }

  /** Sets a variable of the function's environment. */
  addEnvironment(name: string, value: string): void {
    this.handler.addEnvironment(name, value);
  }
}

/** Has a function run when the stack is deleted, while everything that the function needs still stands. */
export function runOnDeletion(
  scope: Construct,
  worker: ControlFunction,
  timeout: Duration,
  resourceType: string,
): CustomResource {
  const resource = new CustomResource(scope, 'Resource', {
    serviceToken: worker.handler.functionArn,
    resourceType,
    // A function that dies without an answer holds the deletion up for little more than its own timeout.
    serviceTimeout: timeout.plus(Duration.minutes(1)),
  });
  // Its policy and log group too, or the deletion would lose its permissions half-way.
  resource.node.addDependency(worker);
  return resource;
}
