import type { Command } from '../framework/command';
import { audit } from './audit';
import { backup } from './backup';
import { backups } from './backups';
import { close } from './close';
import { connect } from './connect';
import { doctor } from './doctor';
import { exportBackup } from './export';
import { extend } from './extend';
import { intake } from './intake';
import { init } from './init';
import { list } from './list';
import { open } from './open';
import { policy } from './policy';
import { prove } from './prove';
import { push } from './push';
import { restore } from './restore';
import { retain } from './retain';
import { shell } from './shell';
import { ssh, sshConfig, sshTunnel } from './ssh';
import { sshProxy } from './ssh-proxy';
import { status } from './status';
import { vmConfig } from './vm-config';

/**
 * Every command, in the order of `--help`. To add one: a file beside this one, and a line here. A command's own file imports
 * only light things; the rest is imported when it runs.
 */
export const COMMANDS: readonly Command[] = [
  connect,
  shell,
  ssh,
  sshConfig,
  open,
  list,
  extend,
  close,
  status,
  backup,
  backups,
  prove,
  restore,
  exportBackup,
  retain,
  audit,
  intake,
  policy,
  doctor,
  init,
  push,
  vmConfig,
  sshProxy,
  sshTunnel,
];
