import { push } from '../cli/commands/push';
import { sshProxy } from '../cli/commands/ssh-proxy';
import { main } from '../cli/main';
import { version } from '../package.json';

// The command line of a machine that hands files in: what it may not do, it does not hold.
void main({ version, commands: [push, sshProxy], vmClient: process.argv[1] ?? '' });
