import type { Command } from '../framework/command';
import { close } from './close';
import { extend } from './extend';
import { list } from './list';
import { open } from './open';
import { push } from './push';
import { sshProxy } from './ssh-proxy';
import { status } from './status';

/**
 * Every command, in the order of `--help`. To add one: a file beside this one, and a line here. A command's own file imports
 * only light things; the rest is imported when it runs.
 */
export const COMMANDS: readonly Command[] = [open, list, extend, close, status, push, sshProxy];
