import { GetPolicyCommand, GetPolicyVersionCommand, IAMClient } from '@aws-sdk/client-iam';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';

/** One statement of a policy, as IAM keeps it. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A policy document. */
export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** Reads the version of a managed policy that is in force. IAM gives it percent-encoded (RFC 3986). */
export async function deployedPolicy(context: Context, arn: string): Promise<Policy> {
  const iam = new IAMClient(clientSettings(context));
  try {
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: arn }));
    const VersionId = Policy?.DefaultVersionId;
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn: arn, VersionId }));
    return JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? '')) as Policy;
  } finally {
    iam.destroy();
  }
}
