import { CONFIGURATIONS, type ConfigurationName } from '../configurations';
import { jsonWith } from '../lib/synth';
import { Concrete } from './concrete';
import { type Asker, sessionOf } from './decide';
import { policiesOfRole } from './policies';

/** Roles of the stack by what they are for: the beginning of the logical id. */
export const ROLES = {
  'access box': 'AccessBox',
  'backup box': 'BackupBox',
  'jump host': 'JumpHost',
  create: 'LifecycleCreate',
  destroy: 'LifecycleDestroy',
  sweep: 'LifecycleSweep',
  drain: 'DrainDrainer',
  emptier: 'EmptierEmpty',
  schedule: 'SweepScheduleRole',
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

  constructor(name: ConfigurationName) {
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
    return this.concrete.arn(this.concrete.id('AWS::S3::Bucket'));
  }

  get keyArn(): string {
    return this.concrete.arn(this.concrete.id('AWS::KMS::Key'));
  }

  get endpointId(): string {
    return this.concrete.ref(this.concrete.id('AWS::EC2::VPCEndpoint'));
  }

  /** The secret that RDS makes for the master. */
  get secretArn(): string {
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
