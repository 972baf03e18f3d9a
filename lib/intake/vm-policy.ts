import { Aws, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { INTAKE_USER } from '../../contract/intake';
import { TAGS } from '../../contract/tags';
import type { ControlFunction } from '../control-function';
import { ec2Arn } from '../permissions';

/** Properties of {@link VmPolicy}. */
export interface VmPolicyProps {
  readonly source: string;
  /** ARN of the role or user that gets the policy; undefined when somebody attaches it. */
  readonly principal: string | undefined;
  readonly create: ControlFunction;
  readonly destroy: ControlFunction;
  /** Name of the session document that leads to a box's SSH server. */
  readonly document: string;
}

/** All that the machine of a source may do. It names no bucket, no database, no instance but its own boxes. */
export class VmPolicy extends Construct {
  readonly policy: iam.ManagedPolicy;

  constructor(scope: Construct, id: string, props: VmPolicyProps) {
    super(scope, id);
    this.policy = new iam.ManagedPolicy(this, 'Policy', {
      description: `Hands files in as ${props.source}: opens and ends its own boxes, and reaches their SSH server`,
      statements: this.statements(props),
      ...attachment(this, props.principal),
    });
  }

  private statements({ source, create, destroy, document }: VmPolicyProps): iam.PolicyStatement[] {
    const boxes = ec2Arn(this, 'instance/*');
    const own = (prefix: string): Record<string, string> => ({
      [`${prefix}/${TAGS.stack}`]: Aws.STACK_ID,
      [`${prefix}/${TAGS.source}`]: source,
    });
    // Where no document is named, Session Manager would start a shell without asking for a right to its document:
    // https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-specify-session-document.html
    const named = { BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' } };
    const arn = (resource: string): string => Stack.of(this).formatArn({ service: 'ssm', resource });
    return [
      new iam.PolicyStatement({
        sid: 'OpenAndEndOwnBoxes',
        actions: ['lambda:InvokeFunction'],
        resources: [create.handler.functionArn, destroy.handler.functionArn],
      }),
      new iam.PolicyStatement({
        sid: 'SessionsToOwnBoxes',
        actions: ['ssm:StartSession'],
        resources: [boxes],
        conditions: { StringEquals: own('ssm:resourceTag'), ...named },
      }),
      new iam.PolicyStatement({
        sid: 'ToTheirSshServerOnly',
        actions: ['ssm:StartSession'],
        resources: [arn(`document/${document}`)],
        conditions: named,
      }),
      new iam.PolicyStatement({
        sid: 'KeyForOneMinute',
        actions: ['ec2-instance-connect:SendSSHPublicKey'],
        resources: [boxes],
        conditions: { StringEquals: { ...own('aws:ResourceTag'), 'ec2:osuser': INTAKE_USER } },
      }),
      // AWS knows no narrower resource. A channel is opened with the token that StartSession gave for its session.
      new iam.PolicyStatement({
        sid: 'DataChannels',
        actions: ['ssmmessages:OpenDataChannel'],
        resources: ['*'],
      }),
      new iam.PolicyStatement({
        sid: 'OwnSessions',
        actions: ['ssm:ResumeSession', 'ssm:TerminateSession'],
        resources: [arn('session/*')],
        conditions: { StringLike: { 'ssm:resourceTag/aws:ssmmessages:session-id': '${aws:userid}*' } },
      }),
    ];
  }
}

/** An account's role or user is attached to by name; the deployment fails where there is none. */
function attachment(scope: Construct, principal: string | undefined): iam.ManagedPolicyProps {
  if (principal === undefined) return {};
  const name = principal.split('/').at(-1) ?? principal;
  return principal.includes(':user/')
    ? { users: [iam.User.fromUserName(scope, 'User', name)] }
    : { roles: [iam.Role.fromRoleName(scope, 'Role', name)] };
}
