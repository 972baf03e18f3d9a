import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../parts';
import { writeSshImage } from './ssh-image';
import { makeImageHome, writeUsers } from './users';

/**
 * Programs of the standard Amazon Linux 2023 image that a box finds in its PATH, as far as this machine has them.
 * Source: https://docs.aws.amazon.com/linux/al2023/ug/image-comparison.html. Left out on purpose: programs that act on
 * the whole machine whoever calls them (`pkill`, `mount`, `ip`, …), since a box shares it with its owner.
 */
const PROGRAMS = (
  'bash env ' +
  '[ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown cksum comm cp csplit cut date dd df dir ' +
  'dirname du echo expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum ' +
  'mkdir mkfifo mktemp mv nice nl nohup nproc numfmt od paste pathchk pr printenv printf ptx pwd readlink realpath ' +
  'rm rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync ' +
  'tac tail tee test timeout touch tr true truncate tsort tty uname unexpand uniq unlink uptime users vdir wc who ' +
  'whoami yes ' +
  'awk gawk grep egrep fgrep sed find xargs which diff cmp file less more ' +
  'tar gzip gunzip zcat bzip2 bunzip2 xz unxz ' +
  'curl jq openssl python3 rsync scp ssh ssh-keygen ps kill pgrep free flock getent getopt hostname logger lsblk setsid uuidgen'
).split(' ');

/** Programs that switch the user: they need root, and where the lab has none they run the command as they are. */
const USER_SWITCHES = ['runuser', 'setpriv', 'su', 'sudo'];

/** Directories of a box, besides those of its programs. */
const DIRECTORIES = [
  'etc/amazon/ssm',
  'etc/systemd/system',
  'home',
  'opt',
  'root',
  'run/lock',
  'srv',
  'usr/bin',
  'usr/local/bin',
  'usr/local/lib',
  'usr/local/sbin',
  'usr/sbin',
  'var/cache',
  'var/lib/cloud/instance/boothooks',
  'var/lib/cloud/instance/scripts',
  'var/log',
  'var/tmp',
];

/** Stand-ins for programs that are the operating system's: package manager, service manager, users, power, boot. */
export const STAND_INS = [
  'cloud-init',
  'dnf',
  'halt',
  'journalctl',
  'poweroff',
  'reboot',
  'shutdown',
  'systemctl',
  'systemd-run',
  'useradd',
  'yum',
];

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Writes an executable shell script. */
function script(path: string, lines: readonly string[]): void {
  writeFileSync(path, `#!/bin/bash\n${lines.join('\n')}\n`);
  chmodSync(path, 0o755);
}

/** Links a program of this machine into a box under a name. */
export function linkProgram(root: string, name: string, target: string): void {
  const path = join(root, 'usr/bin', name);
  if (!existsSync(path)) symlinkSync(target, path);
}

/** Runs the command that stands behind the options, without switching: the lab's user is the box's only one. */
const WITHOUT_ROOT = [
  'while [ $# -gt 0 ]; do',
  '  case "$1" in',
  '    -c|--command) shift; exec bash -c "$1" ;;',
  '    -u|--user|-s|--shell|-g|--group|--reuid|--regid) shift 2 ;;',
  '    --) shift; break ;;',
  '    -*) shift ;;',
  '    *) if [ "$0" = "${0%su}" ] && [ "$0" = "${0%runuser}" ]; then break; else shift; fi ;;',
  '  esac',
  'done',
  'exec "$@"',
];

function linkUserSwitches(root: string): void {
  const isRoot = process.getuid?.() === 0;
  for (const name of USER_SWITCHES) {
    const found = findProgram(name);
    if (isRoot && found !== undefined) linkProgram(root, name, found);
    if (!isRoot) script(join(root, 'usr/bin', name), WITHOUT_ROOT);
  }
  if (isRoot) return;
  for (const name of ['chown', 'chgrp']) script(join(root, 'usr/bin', name), ['exit 0']);
}

/** What {@link makeImage} needs to know of a box. */
export interface ImageOptions {
  readonly root: string;
  readonly region: string;
  /** The AWS CLI of this machine; undefined when there is none. */
  readonly aws: string | undefined;
}

/**
 * Puts the stand-ins into a box.
 *
 * @param program - file of the program that carries their words to the lab
 * @param control - address at which the lab hears them
 */
export function writeStandIns(root: string, program: string, control: string): void {
  for (const name of STAND_INS) {
    const words = [process.execPath, program, control, name].map(quote).join(' ');
    script(join(root, 'usr/bin', name), [`exec ${words} "$@"`]);
  }
}

/** Fills a box's directory with what stands on a freshly launched Amazon Linux 2023. */
export function makeImage({ root, region, aws }: ImageOptions): void {
  for (const directory of DIRECTORIES) mkdirSync(join(root, directory), { recursive: true });
  for (const directory of ['tmp', 'var/tmp']) {
    mkdirSync(join(root, directory), { recursive: true });
    chmodSync(join(root, directory), 0o1777);
  }
  symlinkSync('usr/bin', join(root, 'bin'));
  symlinkSync('usr/sbin', join(root, 'sbin'));
  writeFileSync(
    join(root, 'etc/os-release'),
    'NAME="Amazon Linux"\nVERSION="2023"\nID="amzn"\nID_LIKE="fedora"\n',
  );
  writeUsers(root);
  makeImageHome(root);
  writeSshImage(root);
  linkUserSwitches(root);
  // Amazon Linux's sh is bash in its POSIX mode.
  linkProgram(root, 'sh', findProgram('bash') ?? '/bin/bash');
  for (const name of PROGRAMS) {
    const found = findProgram(name);
    if (found !== undefined) linkProgram(root, name, found);
  }
  for (const name of STAND_INS) symlinkSync(join('..', 'bin', name), join(root, 'usr/sbin', name));
  if (aws !== undefined) {
    // The image has version 2 of the AWS CLI, which asks the instance for its region; version 1 has to be told.
    script(join(root, 'usr/bin/aws'), [
      `[ -n "\${AWS_REGION:-}\${AWS_DEFAULT_REGION:-}" ] || export AWS_DEFAULT_REGION=${region}`,
      '[ -n "${AWS_DEFAULT_REGION:-}" ] || export AWS_DEFAULT_REGION="$AWS_REGION"',
      `exec ${quote(aws)} "$@"`,
    ]);
  }
}

/** PATH of a box's processes: only its own directories. */
export function pathOf(root: string): string {
  return ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin'].map((part) => join(root, part)).join(':');
}
