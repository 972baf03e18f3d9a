import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../parts';

/** Where distributions keep the server's helper for sftp; Amazon Linux has the first. */
const SFTP_SERVERS = [
  '/usr/libexec/openssh/sftp-server',
  '/usr/lib/openssh/sftp-server',
  '/usr/lib/ssh/sftp-server',
];

/**
 * The server's configuration on Amazon Linux 2023, as far as it matters to the lab, with what the package
 * ec2-instance-connect adds on the server's command line
 * (https://github.com/aws/aws-ec2-instance-connect-config, src/rpm_systemd/sshd.service.d/ec2-instance-connect.conf).
 */
const configuration = (root: string): string => `HostKey ${root}/etc/ssh/ssh_host_ed25519_key
HostKey ${root}/etc/ssh/ssh_host_ecdsa_key
SyslogFacility AUTHPRIV
AuthorizedKeysFile .ssh/authorized_keys
AuthorizedKeysCommand ${root}/opt/aws/bin/eic_run_authorized_keys %u %f
AuthorizedKeysCommandUser ec2-instance-connect
PasswordAuthentication no
KbdInteractiveAuthentication no
GSSAPIAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
Subsystem sftp ${root}/usr/libexec/openssh/sftp-server
`;

/** Nobody has a password, so that an account is all that is asked of PAM. A locked one may come in with a key, as on the image. */
const PAM = `auth required pam_deny.so
account required pam_unix.so
password required pam_deny.so
session required pam_permit.so
`;

/** Puts what belongs to SSH into a box's directory. */
export function writeSshImage(root: string): void {
  for (const directory of ['etc/ssh', 'etc/pam.d', 'opt/aws/bin', 'usr/libexec/openssh'])
    mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, 'etc/ssh/sshd_config'), configuration(root), { mode: 0o600 });
  writeFileSync(join(root, 'etc/pam.d/sshd'), PAM);
  const sftp = SFTP_SERVERS.find(existsSync);
  if (sftp !== undefined) symlinkSync(sftp, join(root, 'usr/libexec/openssh/sftp-server'));
}

/**
 * Writes the program that the SSH server asks for keys, as the package ec2-instance-connect has it: it reads the keys of a user
 * from the metadata service. The real one checks their signature too (eic_parse_authorized_keys).
 *
 * @param metadata - address of the box's metadata service
 */
export function writeKeysCommand(root: string, metadata: string): void {
  const curl = `${findProgram('curl') ?? '/usr/bin/curl'} -sf -m 5`;
  const path = join(root, 'opt/aws/bin/eic_run_authorized_keys');
  const lines = [
    '#!/bin/sh',
    'set -eu',
    `token=$(${curl} -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 5' '${metadata}/latest/api/token')`,
    `${curl} -H "X-aws-ec2-metadata-token: $token" "${metadata}/latest/meta-data/managed-ssh-keys/active-keys/$1/" | grep '^ssh' || true`,
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  chmodSync(path, 0o755);
}
