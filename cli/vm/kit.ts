import type { Source } from '../aws/sources';
import type { Stack } from '../aws/stack';
import { fallbackScript } from './fallback';
import { installText } from './install';
import type { Policy } from './policy';
import { SERVICE, TIMER } from './units';

/** A text file that a machine needs. */
export interface KitFile {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** What a machine hands in to begin with; `docs/intake-protocol.md` says what the box refuses besides. */
const pushConfig = ({ createFunction, destroyFunction }: Source, region: string): object => ({
  createFunction,
  destroyFunction,
  region,
  paths: [
    { path: '/var/log', exclude: ['var/log/journal/**', '**/*.tmp'] },
    {
      path: '/etc',
      exclude: ['etc/shadow*', 'etc/gshadow*', 'etc/ssh/ssh_host_*_key', '**/*.key', 'etc/drawbridge/**'],
    },
  ],
});

const awsConfig = (
  source: string,
  region: string,
): string => `# One of the two ways to be the machine of the source ${source}:
# 1. IAM Roles Anywhere: a certificate in place of a key that never ends. Fill in the three ARNs.
[default]
region = ${region}
credential_process = /usr/local/bin/aws_signing_helper credential-process --certificate /etc/drawbridge/vm.pem --private-key /etc/drawbridge/vm.key --trust-anchor-arn TRUST_ANCHOR_ARN --profile-arn PROFILE_ARN --role-arn ROLE_ARN

# 2. An access key of a user that has only the policy in policy.json. In place of credential_process:
# aws_access_key_id = AKIA...
# aws_secret_access_key = ...
`;

/** Every file that a machine of the source needs, but for the program itself. */
export function kitOf(stack: Stack, source: Source, policy: Policy): KitFile[] {
  const { region } = stack;
  const file = (name: string, text: string, mode = 0o644): KitFile => ({ name, text, mode });
  return [
    file('INSTALL.md', installText(source)),
    file('policy.json', json(policy)),
    file('push.json', json(pushConfig(source, region))),
    file('aws-config', awsConfig(source.name, region), 0o600),
    file('drawbridge-push.service', SERVICE),
    file('drawbridge-push.timer', TIMER),
    file('push-by-hand.sh', fallbackScript(source, region), 0o755),
  ];
}
