import { Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import type { Settings } from './config/schema';
import type { ControlFunction } from './control-function';
import type { Jumpbox } from './jumpbox';
import { extendBoxes, launchBoxes } from './permissions';

/** What a create function may launch, and how. */
export interface LauncherProps extends Pick<
  Settings,
  'name' | 'boxTypes' | 'ttlMinutes' | 'maxTtlMinutes' | 'maxBoxes'
> {
  readonly boxes: readonly Jumpbox[];
  /** Tried in order. */
  readonly subnets: readonly ec2.ISubnet[];
  /**
   * Intake source that the boxes belong to.
   *
   * @defaultValue none
   */
  readonly source?: string;
}

/** Lets a function launch boxes and move their expiry, and tells it how. */
export function grantLaunch(create: ControlFunction, props: LauncherProps): void {
  const templates = props.boxes.map(({ purpose, blueprint }) => ({
    purpose,
    launchTemplateId: idOf(blueprint.launchTemplate),
    // Numbered, not $Latest: a box is built as this very deployment says.
    version: blueprint.launchTemplate.latestVersionNumber,
  }));
  const subnetIds = props.subnets.map(({ subnetId }) => subnetId);
  create.addToPolicy(
    ...launchBoxes(create, {
      launchTemplateIds: templates.map(({ launchTemplateId }) => launchTemplateId),
      subnetIds,
      instanceTypes: props.boxTypes,
      roleArns: props.boxes.map(({ role }) => role.roleArn),
      source: props.source,
    }),
    extendBoxes(create, props.source),
  );
  const byPurpose = templates.map(({ purpose, ...template }) => [purpose, template]);
  const environment = {
    [FUNCTION_ENVIRONMENT.name]: props.name,
    [FUNCTION_ENVIRONMENT.launchTemplates]: Stack.of(create).toJsonString(Object.fromEntries(byPurpose)),
    [FUNCTION_ENVIRONMENT.subnetIds]: subnetIds.join(','),
    [FUNCTION_ENVIRONMENT.instanceTypes]: props.boxTypes.join(','),
    [FUNCTION_ENVIRONMENT.ttlMinutes]: props.ttlMinutes.toString(),
    [FUNCTION_ENVIRONMENT.maxTtlMinutes]: props.maxTtlMinutes.toString(),
    [FUNCTION_ENVIRONMENT.maxBoxes]: props.maxBoxes.toString(),
  };
  for (const [name, value] of Object.entries(environment)) create.addEnvironment(name, value);
}

function idOf(template: ec2.LaunchTemplate): string {
  if (template.launchTemplateId === undefined) throw new Error(`${template.node.path} has no id.`);
  return template.launchTemplateId;
}
