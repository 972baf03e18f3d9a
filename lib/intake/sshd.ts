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

/** Without a limit V8 lets garbage lie for as long as there is memory: several pushes share a small box. MiB. */
export const INTAKE_NODE_FLAGS = '--max-old-space-size=96 --max-semi-space-size=4';

/** SSH hands over what the client asked for in \`SSH_ORIGINAL_COMMAND\`: the program compares it with two words. */
const COMMAND = `#!/bin/sh
set -eu
umask 077
set -a
. ${BOX_PATHS.environment}
set +a
exec ${BOX_NODE} ${INTAKE_NODE_FLAGS} ${BOX_PATHS.program} intake
`;

/**
 * Runs last: the user comes into being only when nothing but the forced command is left for it. The user's shell is only
 * what the server starts that command with.
 */
export const sshScript = (): string =>
  bash(
    writeFile(BOX_PATHS.intakeCommand, COMMAND),
    `chmod 0755 ${BOX_PATHS.intakeCommand}`,
    `chmod 0644 ${BOX_PATHS.environment} ${BOX_PATHS.intakeRules} ${BOX_PATHS.program}`,
    writeFile('/etc/ssh/sshd_config', SSHD),
    'chmod 0600 /etc/ssh/sshd_config',
    'systemctl restart sshd',
    `useradd --system --no-create-home --home-dir / --shell /bin/sh ${INTAKE_USER}`,
  );
