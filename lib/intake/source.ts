import { Aws, CfnOutput } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { BOX_ENVIRONMENT, BOX_PATHS, FUNCTION_ENVIRONMENT } from '../../contract/environment';
import { rulesOf } from '../../contract/intake';
import { SOURCE_OUTPUTS, sourceOutput } from '../../contract/outputs';
import type { BackupBucket } from '../backup-bucket';
import type { BoxProgram } from '../box-program';
import { withDefaults } from '../config/defaults';
import type { SettingProps } from '../config/props';
import type { IntakeSourceSettings } from '../config/settings/intake';
import { ControlFunction } from '../control-function';
import type { Encryption } from '../encryption';
import { Jumpbox } from '../jumpbox';
import { grantLaunch } from '../launcher';
import { CREATE_TIMEOUT, END_TIMEOUT } from '../lifecycle-functions';
import type { Network } from '../network';
import { describeInstances, terminateBoxes } from '../permissions';
import { sshScript } from './sshd';
import { VmPolicy } from './vm-policy';

/** Properties of {@link IntakeSource}. */
export interface IntakeSourceProps extends Pick<
  SettingProps,
  'name' | 'boxTypes' | 'boxVolumeGiB' | 'ttlMinutes' | 'maxTtlMinutes'
> {
  readonly source: IntakeSourceSettings;
  readonly network: Network;
  readonly encryption: Encryption;
  readonly bucket: BackupBucket;
  readonly program: BoxProgram;
  /** Name of the session document that leads to a box's SSH server. */
  readonly document: string;
}

/**
 * One source of files: boxes, functions and a policy of its own. Whoever holds the policy decides when a box lives and
 * what is handed to it, and nothing else about it.
 */
export class IntakeSource extends Construct {
  readonly box: Jumpbox;
  readonly create: ControlFunction;
  readonly destroy: ControlFunction;
  readonly vm: VmPolicy;

  constructor(scope: Construct, id: string, props: IntakeSourceProps) {
    super(scope, id);
    this.box = this.addBox(props);
    this.create = this.addFunction('Create', 'Opens', CREATE_TIMEOUT, props);
    this.destroy = this.addFunction('Destroy', 'Ends', END_TIMEOUT, props);
    this.letCreateLaunch(props, props.network.boxSubnets);
    this.vm = new VmPolicy(this, 'Vm', {
      source: props.source.name,
      principal: props.source.principal,
      create: this.create,
      destroy: this.destroy,
      document: props.document,
    });
    const { name } = props.source;
    this.output(name, 'createFunction', this.create.handler.functionName, 'Opens a box of this source');
    this.output(name, 'destroyFunction', this.destroy.handler.functionName, 'Ends a box of this source');
    this.output(name, 'policy', this.vm.policy.managedPolicyArn, `All that the machines of ${name} need`);
  }

  private addBox({ source, network, bucket, program, ...given }: IntakeSourceProps): Jumpbox {
    const props = withDefaults(given);
    const box = new Jumpbox(this, 'Box', {
      network,
      name: props.name,
      purpose: 'intake',
      source: source.name,
      instanceType: props.boxTypes[0],
      volumeGiB: props.boxVolumeGiB,
      maxTtlMinutes: props.maxTtlMinutes,
      installation: {
        packages: ['nodejs24'],
        directories: [],
        files: {},
        downloads: { [BOX_PATHS.program]: program.asset.s3ObjectUrl },
        region: Aws.REGION,
      },
      finally: sshScript(),
    });
    box.addFile(BOX_PATHS.intakeRules, JSON.stringify(rulesOf(source)));
    box.addEnvironment(BOX_ENVIRONMENT.region, Aws.REGION);
    box.addEnvironment(BOX_ENVIRONMENT.intakeRules, BOX_PATHS.intakeRules);
    box.addEnvironment(BOX_ENVIRONMENT.source, source.name);
    bucket.grantIntake(box, source.name);
    program.grantFetch(box);
    return box;
  }

  private addFunction(
    entry: 'Create' | 'Destroy',
    does: string,
    timeout: typeof CREATE_TIMEOUT,
    { source, encryption }: IntakeSourceProps,
  ): ControlFunction {
    const made = new ControlFunction(this, entry, {
      entry: entry === 'Create' ? 'create' : 'destroy',
      description: `${does} boxes of the intake source ${source.name} and no others`,
      timeout,
      encryption,
    });
    made.addEnvironment(FUNCTION_ENVIRONMENT.stackId, Aws.STACK_ID);
    made.addEnvironment(FUNCTION_ENVIRONMENT.source, source.name);
    made.addToPolicy(describeInstances(), terminateBoxes(this, source.name));
    return made;
  }

  private letCreateLaunch(props: IntakeSourceProps, subnets: readonly ec2.ISubnet[]): void {
    const { name: source, maxBoxes } = props.source;
    grantLaunch(this.create, { ...props, boxes: [this.box], subnets, maxBoxes, source });
    this.create.addEnvironment(FUNCTION_ENVIRONMENT.intakeDocument, props.document);
  }

  private output(
    source: string,
    what: keyof typeof SOURCE_OUTPUTS,
    value: string,
    description: string,
  ): void {
    const made = new CfnOutput(this, SOURCE_OUTPUTS[what], { value, description });
    made.overrideLogicalId(sourceOutput(source, what));
  }
}
