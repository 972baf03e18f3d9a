import { Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { FUNCTION_ENVIRONMENT } from '../contract/environment';
import { DEFAULTS } from './config/defaults';
import type { ControlFunction } from './control-function';
import type { Jumpbox } from './jumpbox';
import { extendBoxes, launchBoxes } from './permissions';

/** What a create function may launch, and how. */
export interface LauncherProps {
  /**
   * Prefix of the name that the console shows.
   *
   * @defaultValue drawbridge
   */
  readonly name?: string;
  /**
   * arm64 instance types, tried in order.
   *
   * @defaultValue t4g.micro, t4g.small, t4g.medium
   */
  readonly boxTypes?: readonly string[];
  /**
   * Life of a box when the request names none, in minutes.
   *
   * @defaultValue 60
   */
  readonly ttlMinutes?: number;
  /**
   * Longest life that a request may ask for, in minutes: that of {@link JumpboxProps.maxTtlMinutes}.
   *
   * @defaultValue 720
   */
  readonly maxTtlMinutes?: number;
  /**
   * Boxes that may live at a time.
   *
   * @defaultValue 5
   */
  readonly maxBoxes?: number;
  /** What may be launched: one of each purpose. */
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
  const { name, boxTypes, ttlMinutes, maxTtlMinutes, maxBoxes } = { ...DEFAULTS, ...props };
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
      instanceTypes: boxTypes,
      roleArns: props.boxes.map(({ role }) => role.roleArn),
      source: props.source,
    }),
    extendBoxes(create, props.source),
  );
  const byPurpose = templates.map(({ purpose, ...template }) => [purpose, template]);
  const environment = {
    [FUNCTION_ENVIRONMENT.name]: name,
    [FUNCTION_ENVIRONMENT.launchTemplates]: Stack.of(create).toJsonString(Object.fromEntries(byPurpose)),
    [FUNCTION_ENVIRONMENT.subnetIds]: subnetIds.join(','),
    [FUNCTION_ENVIRONMENT.instanceTypes]: boxTypes.join(','),
    [FUNCTION_ENVIRONMENT.ttlMinutes]: ttlMinutes.toString(),
    [FUNCTION_ENVIRONMENT.maxTtlMinutes]: maxTtlMinutes.toString(),
    [FUNCTION_ENVIRONMENT.maxBoxes]: maxBoxes.toString(),
  };
  for (const [name, value] of Object.entries(environment)) create.addEnvironment(name, value);
}

function idOf(template: ec2.LaunchTemplate): string {
  if (template.launchTemplateId === undefined) throw new Error(`${template.node.path} has no id.`);
  return template.launchTemplateId;
}
