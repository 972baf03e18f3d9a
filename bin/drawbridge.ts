import { COMMANDS } from '../cli/commands';
import { main } from '../cli/main';
import { version } from '../package.json';

/** Starts the command line; see cli/main.ts. */
export const start = (vmClient: string): Promise<void> => main({ version, commands: COMMANDS, vmClient });
