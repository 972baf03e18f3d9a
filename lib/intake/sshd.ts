import { BOX_NODE, BOX_PATHS } from '../../contract/environment';
import { INTAKE_USER } from '../../contract/intake';
import { bash, writeFile } from '../user-data';

/**
 * The whole configuration of the SSH server; nothing of the image's own is included. Keys come from EC2 Instance Connect
 * alone, whose program Amazon Linux brings along and which accepts a key for sixty seconds
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-methods.html).
 * `DisableForwarding` covers TCP, sockets, agent and X11 (sshd_config(5)); tunnel devices have a switch of their own.
 */
export const SSHD = `Port 22
ListenAddress 127.0.0.1
ListenAddress ::1
HostKey /etc/ssh/ssh_host_ed25519_key
AllowUsers ${INTAKE_USER}
AuthenticationMethods publickey
AuthorizedKeysFile none
AuthorizedKeysCommand /opt/aws/bin/eic_run_authorized_keys %u %f
AuthorizedKeysCommandUser ec2-instance-connect
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
UsePAM yes
ForceCommand ${BOX_PATHS.intakeCommand}
DisableForwarding yes
PermitTunnel no
PermitTTY no
PermitUserRC no
PermitUserEnvironment no
PermitListen none
PermitOpen none
GatewayPorts no
MaxSessions 1
MaxAuthTries 3
MaxStartups 8
LoginGraceTime 30
ClientAliveInterval 15
ClientAliveCountMax 4
Compression no
LogLevel VERBOSE
`;

/** Several pushes share a small box. Without a limit V8 lets garbage lie for as long as there is memory. MiB. */
const NODE_FLAGS = '--max-old-space-size=96 --max-semi-space-size=2';

/**
 * The forced command. SSH hands over what the client asked for in `SSH_ORIGINAL_COMMAND`: the program compares it with a few words.
 *
 * @param environment - lines of shell that set the program's environment
 */
export const intakeCommand = (environment: string, node: string, program: string): string => `#!/bin/sh
set -eu
umask 077
${environment}
# Each thread that unpacks would keep freed memory for itself: mallopt(3).
export MALLOC_ARENA_MAX=2
exec ${node} ${NODE_FLAGS} ${program} intake
`;

const ENVIRONMENT = `set -a
. ${BOX_PATHS.environment}
set +a`;

/**
 * Runs last: the user comes into being only when nothing but the forced command is left for it. The user's shell is only
 * what the server starts that command with.
 */
export const sshScript = (): string =>
  bash(
    writeFile(BOX_PATHS.intakeCommand, intakeCommand(ENVIRONMENT, BOX_NODE, BOX_PATHS.program)),
    `chmod 0755 ${BOX_PATHS.intakeCommand}`,
    `chmod 0644 ${BOX_PATHS.environment} ${BOX_PATHS.intakeRules} ${BOX_PATHS.program}`,
    writeFile('/etc/ssh/sshd_config', SSHD),
    'chmod 0600 /etc/ssh/sshd_config',
    'systemctl restart sshd',
    `useradd --system --no-create-home --home-dir / --shell /bin/sh ${INTAKE_USER}`,
  );
