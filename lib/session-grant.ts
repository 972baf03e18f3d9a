import { Aws, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Purpose } from '../contract/purposes';
import { type JUMP_HOST, TAGS } from '../contract/tags';
import { ec2Arn } from './permissions';

/**
 * Lets somebody forward ports and open a shell through the boxes of a purpose, or the jump host, by the documents of AWS, and resume and end
 * their own sessions.
 *
 * A session without a named document would start the account's default shell, for which no document is authorised:
 * `ssm:SessionDocumentAccessCheck` demands one
 * (https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-specify-session-document.html).
 */
export function grantSessions(
  scope: Construct,
  grantee: iam.IGrantable,
  purpose: Purpose | typeof JUMP_HOST,
): iam.Grant {
  const ssm = (resource: string, account: string = Aws.ACCOUNT_ID): string =>
    Stack.of(scope).formatArn({ service: 'ssm', resource, account });
  const named = { BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' } };
  const allow = (
    actions: string[],
    resourceArns: string[],
    conditions: Record<string, Record<string, unknown>>,
  ): iam.Grant => iam.Grant.addToPrincipal({ grantee, actions, resourceArns, conditions });
  const toBoxes = allow(['ssm:StartSession'], [ec2Arn(scope, 'instance/*')], {
    ...named,
    StringEquals: {
      [`ssm:resourceTag/${TAGS.stack}`]: Aws.STACK_ID,
      [`ssm:resourceTag/${TAGS.purpose}`]: purpose,
    },
  });
  const kinds = allow(
    ['ssm:StartSession'],
    [
      ssm('document/AWS-StartPortForwardingSessionToRemoteHost', ''),
      ssm('document/SSM-SessionManagerRunShell'),
    ],
    named,
  );
  const own = allow(
    ['ssm:ResumeSession', 'ssm:TerminateSession', 'ssmmessages:OpenDataChannel'],
    [ssm('session/*')],
    { StringLike: { 'ssm:resourceTag/aws:ssmmessages:session-id': '${aws:userid}*' } },
  );
  return toBoxes.combine(kinds).combine(own);
}
