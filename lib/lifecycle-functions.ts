import { Aws, Duration, Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import type { BackupBucket } from './backup-bucket';
import type { Settings } from './config/schema';
import { ControlFunction } from './control-function';
import type { Database } from './database';
import type { Encryption } from './encryption';
import type { Jumpbox } from './jumpbox';
import { describeInstances, extendBoxes, launchBoxes, terminateBoxes } from './permissions';

/** Longest run of the function that opens boxes. */
export const CREATE_TIMEOUT = Duration.seconds(60);
/** Terminating is waited for. */
const END_TIMEOUT = Duration.minutes(5);

/** Properties of {@link LifecycleFunctions}. */
export interface LifecycleFunctionsProps extends Pick<
  Settings,
  'name' | 'boxTypes' | 'ttlMinutes' | 'maxTtlMinutes' | 'maxBoxes'
> {
  readonly encryption: Encryption;
  readonly boxes: readonly Jumpbox[];
  /** Tried in order. */
  readonly subnets: readonly ec2.ISubnet[];
  readonly database: Database;
  readonly bucket: BackupBucket;
}

/** The functions that open and end boxes. */
export class LifecycleFunctions extends Construct {
  readonly create: ControlFunction;
  readonly destroy: ControlFunction;
  readonly sweep: ControlFunction;

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
    this.letCreateLaunch(props);
    props.bucket.grantAbortUploads(this.sweep);
  }

  private letCreateLaunch(props: LifecycleFunctionsProps): void {
    const templates = props.boxes.map(({ purpose, blueprint }) => ({
      purpose,
      launchTemplateId: idOf(blueprint.launchTemplate),
      // Numbered, not $Latest: a box is built as this very deployment says.
      version: blueprint.launchTemplate.latestVersionNumber,
    }));
    const subnetIds = props.subnets.map(({ subnetId }) => subnetId);
    this.create.addToPolicy(
      ...launchBoxes(this, {
        launchTemplateIds: templates.map(({ launchTemplateId }) => launchTemplateId),
        subnetIds,
        instanceTypes: props.boxTypes,
        roleArns: props.boxes.map(({ role }) => role.roleArn),
      }),
      extendBoxes(this),
    );
    const byPurpose = templates.map(({ purpose, ...template }) => [purpose, template]);
    const environment = {
      [FUNCTION_ENVIRONMENT.name]: props.name,
      [FUNCTION_ENVIRONMENT.launchTemplates]: Stack.of(this).toJsonString(Object.fromEntries(byPurpose)),
      [FUNCTION_ENVIRONMENT.subnetIds]: subnetIds.join(','),
      [FUNCTION_ENVIRONMENT.instanceTypes]: props.boxTypes.join(','),
      [FUNCTION_ENVIRONMENT.ttlMinutes]: props.ttlMinutes.toString(),
      [FUNCTION_ENVIRONMENT.maxTtlMinutes]: props.maxTtlMinutes.toString(),
      [FUNCTION_ENVIRONMENT.maxBoxes]: props.maxBoxes.toString(),
    };
    for (const [name, value] of Object.entries(environment)) this.create.addEnvironment(name, value);
    props.database.describeTo(this.create);
  }
}

function idOf(template: ec2.LaunchTemplate): string {
  if (template.launchTemplateId === undefined) throw new Error(`${template.node.path} has no id.`);
  return template.launchTemplateId;
}
