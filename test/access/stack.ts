import {
  CONFIGURATIONS,
  type ConfigurationName,
  EXISTING_DATABASE,
  EXISTING_NETWORK,
} from '../configurations';
import { jsonWith } from '../lib/synth';
import { Concrete } from './concrete';
import { type Asker, sessionOf } from './decide';
import { policiesOfRole } from './policies';

/** Roles of the stack by what they are for: the beginning of the logical id. */
export const ROLES = {
  'access box': 'AccessBox',
  'backup box': 'BackupBox',
  'restore box': 'RestoreBox',
  'jump host': 'JumpHost',
  create: 'LifecycleCreate',
  destroy: 'LifecycleDestroy',
  sweep: 'LifecycleSweep',
  drain: 'DrainDrainer',
  emptier: 'EmptierEmpty',
  'emptier of records': 'DataTrailEmptierEmpty',
  schedule: 'SweepScheduleRole',
  retain: 'RetentionRetain',
  'retention schedule': 'RetentionRole',
  'backup run': 'WorkflowRunRole',
  'backup of one database': 'WorkflowBackupRole',
  'backup schedule': 'BackupScheduleRole',
  'flow logs': 'NetworkVpcFlowLog',
  'web box': 'IntakewebBox',
  'web create': 'IntakewebCreate',
  'web destroy': 'IntakewebDestroy',
  'logs box': 'IntakelogsBox',
  'logs create': 'IntakelogsCreate',
  'logs destroy': 'IntakelogsDestroy',
} as const;

/** Name of one of {@link ROLES}. */
export type RoleName = keyof typeof ROLES;

/** One configuration of the stack, with what the proofs ask about. */
export class JudgedStack {
  readonly concrete: Concrete;

  /** Its jump host never leaves. */
  readonly isAlways: boolean;

  constructor(name: ConfigurationName) {
    const settings: Readonly<Record<string, unknown>> = CONFIGURATIONS[name];
    this.isAlways = settings.jumpHost === 'always';
    this.concrete = new Concrete(jsonWith(CONFIGURATIONS[name]));
  }

  /** The roles that this configuration has. */
  get roles(): RoleName[] {
    const names = Object.keys(ROLES) as RoleName[];
    return names.filter((name) => this.concrete.ids('AWS::IAM::Role', ROLES[name]).length > 0);
  }

  roleId(name: RoleName): string {
    return this.concrete.id('AWS::IAM::Role', ROLES[name]);
  }

  roleArn(name: RoleName): string {
    return this.concrete.arn(this.roleId(name));
  }

  /** A session of the role. */
  session(name: RoleName): Asker {
    return sessionOf(this.roleArn(name), policiesOfRole(this.concrete, this.roleId(name)));
  }

  get bucketArn(): string {
    return this.concrete.arn(this.concrete.id('AWS::S3::Bucket', 'Backups'));
  }

  get keyArn(): string {
    return this.concrete.arn(this.concrete.id('AWS::KMS::Key'));
  }

  /** Whether network and database are somebody else's. */
  get stranger(): boolean {
    return this.concrete.ids('AWS::EC2::VPC').length === 0;
  }

  /** Of the S3 endpoint. */
  get endpointId(): string {
    if (this.stranger) return EXISTING_NETWORK.s3EndpointId;
    return this.concrete.ref(this.concrete.id('AWS::EC2::VPCEndpoint', 'NetworkVpcS3'));
  }

  /** ARNs of the subnets of a kind. */
  subnets(kind: 'box' | 'database'): string[] {
    const made = this.concrete
      .ids('AWS::EC2::Subnet')
      .filter((id) => id.includes(`${kind}Subnet`))
      .map((id) => this.concrete.ref(id));
    const given = kind === 'box' && this.stranger ? EXISTING_NETWORK.boxSubnetIds : [];
    return [...made, ...given].map((id) => this.ec2Arn(`subnet/${id}`));
  }

  /** The secret that RDS makes for the master, or the one that was given. */
  get secretArn(): string {
    if (this.stranger) return EXISTING_DATABASE.databaseSecretArn;
    const instance = this.concrete.id('AWS::RDS::DBInstance');
    return this.concrete.text({ 'Fn::GetAtt': [instance, 'MasterUserSecret.SecretArn'] });
  }

  /** ARN of something of EC2 in this account, such as `instance/i-1`. */
  ec2Arn(resource: string): string {
    return this.concrete.text({
      'Fn::Join': [':', ['arn:aws:ec2', { Ref: 'AWS::Region' }, { Ref: 'AWS::AccountId' }, resource]],
    });
  }
}
