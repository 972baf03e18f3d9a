import { AwsFault } from '../../lab/endpoint/fault';
import type { Wrongs } from './between';

/** One thing that is wrong between an operator and the database. */
export interface Broken extends Wrongs {
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The checks that must fail. */
  readonly checks: readonly string[];
  /** What is said about the first of them, and what to do. */
  readonly says: RegExp;
  readonly next: RegExp;
}

/** IAM's words: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
const denied = (action: string, resource: string): AwsFault =>
  new AwsFault(
    'AccessDeniedException',
    `User: arn:aws:iam::123456789012:user/eva is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
    403,
  );

/**
 * Everything that `doctor` can find which needs no change of the stack. What IAM or STS would refuse is answered in their
 * place: the lab lets everybody in.
 */
export const BROKEN: Readonly<Record<string, Broken>> = {
  'no credentials': {
    environment: {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
    checks: ['credentials'],
    says: /^No AWS credentials were found/,
    next: /aws sso login/,
  },
  'expired credentials': {
    refuse: {
      'sts.GetCallerIdentity': new AwsFault(
        'ExpiredToken',
        'The security token included in the request is expired',
        403,
      ),
    },
    checks: ['credentials'],
    says: /^Your AWS credentials have expired/,
    next: /aws sso login/,
  },
  'no region': {
    environment: { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined, AWS_CONFIG_FILE: '/dev/null' },
    checks: ['region'],
    says: /^No AWS region is given/,
    next: /--region/,
  },
  'another region': {
    words: ['--region', 'us-west-2'],
    checks: ['stack'],
    says: /^There is no stack "drawbridge" in us-west-2 in this account/,
    next: /--region/,
  },
  'another stack': {
    words: ['--stack', 'moat'],
    checks: ['stack'],
    says: /^There is no stack "moat" in eu-west-1/,
    next: /--stack/,
  },
  'a slow clock': {
    aheadMs: 4 * 60_000,
    checks: ['clock'],
    says: /^The clock of this machine is (239|240|241) seconds slow/,
    next: /timedatectl/,
  },
  'a clock so slow that AWS refuses': {
    refuse: {
      'sts.GetCallerIdentity': new AwsFault(
        'SignatureDoesNotMatch',
        'Signature expired: 20261122T020000Z is now earlier than 20261122T025500Z (20261122T030000Z - 5 min.)',
        403,
      ),
    },
    checks: ['credentials'],
    says: /the clock of this machine is wrong/,
    next: /timedatectl/,
  },
  'no right to open boxes': {
    refuse: {
      'lambda.Invoke': denied(
        'lambda:InvokeFunction',
        'arn:aws:lambda:eu-west-1:123456789012:function:create',
      ),
    },
    checks: ['permission to open boxes'],
    says: /lambda:InvokeFunction on arn:aws:lambda/,
    next: /drawbridge policy operator/,
  },
  'no right to read the secret': {
    refuse: { 'secretsmanager.GetSecretValue': denied('secretsmanager:GetSecretValue', 'rds!db-1') },
    checks: ['permission to log in'],
    says: /secretsmanager:GetSecretValue on rds!db-1/,
    next: /drawbridge policy operator/,
  },
  'no right to open sessions': {
    refuse: {
      'ssm.StartSession': denied('ssm:StartSession', 'arn:aws:ec2:eu-west-1:123456789012:instance/i-1'),
    },
    checks: ['tunnel to the database'],
    says: /ssm:StartSession on arn:aws:ec2/,
    next: /drawbridge policy operator/,
  },
  'an endpoint that nobody is at': {
    environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    checks: ['credentials'],
    says: /^AWS cannot be reached/,
    next: /network/,
  },
};
