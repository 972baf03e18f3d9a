import { bash, service, shellQuote, timer, unit, writeFile } from './user-data';

const DIRECTORY = '/opt/drawbridge';

/** When and how a host leaves. */
export interface IdleProps {
  readonly idleMinutes: number;
  readonly region: string;
  /** Whether the API is called by its dual-stack name. */
  readonly dualStack: boolean;
}

/**
 * Ends the host when it has not been used for a while. In use means: a session is open or a command runs (the agent has a
 * process for each: ssm-session-worker, ssm-document-worker), or somebody has left something running.
 *
 * The host asks Auto Scaling to end it and to want one instance less; if it only powered off, another would be launched.
 * Only the dual-stack name of the API can be reached where the way out is IPv6, and only the ordinary one through an interface
 * endpoint.
 */
const leaveWhenIdle = ({ idleMinutes, region, dualStack }: IdleProps): string => `#!/bin/sh
set -eu
used=/run/drawbridge-used
in_use() {
  for worker in ssm-session-worker ssm-document-worker; do
    pgrep -f "$worker" > /dev/null && return 0
  done
  for user in ec2-user ssm-user; do
    id "$user" > /dev/null 2>&1 && pgrep -u "$user" > /dev/null && return 0
  done
  return 1
}
if [ ! -e "$used" ] || in_use; then
  touch "$used"
  exit 0
fi
idle=$(($(date +%s) - $(stat -c %Y "$used")))
[ "$idle" -ge ${idleMinutes * 60} ] || exit 0
metadata="\${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}"
metadata="\${metadata%/}/latest"
token=$(curl -sf --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")
instance=$(curl -sf --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/instance-id")
echo "Nobody has used this host for $idle seconds; it leaves."
AWS_USE_DUALSTACK_ENDPOINT=${String(dualStack)} aws autoscaling terminate-instance-in-auto-scaling-group \\
  --region ${shellQuote(region)} --instance-id "$instance" --should-decrement-desired-capacity
`;

/** Looks every minute whether the host is still used. */
export const idleScript = (props: IdleProps): string =>
  bash(
    `mkdir -p ${DIRECTORY}`,
    writeFile(`${DIRECTORY}/leave-when-idle`, leaveWhenIdle(props)),
    `chmod 0755 ${DIRECTORY}/leave-when-idle`,
    unit(
      'drawbridge-idle.service',
      service('Leave when nobody uses this host', `${DIRECTORY}/leave-when-idle`),
    ),
    unit('drawbridge-idle.timer', timer('Look every minute', 'OnBootSec=60s\nOnUnitActiveSec=60s')),
    'systemctl enable --now drawbridge-idle.timer',
  );
