import { fileURLToPath } from 'node:url';
import type { Context } from '../framework/command';
import type { SshFiles } from './files';

/** The user of the image; the operator policy allows keys for no other. */
export const SSH_USER = 'ec2-user';

/** How this program is started again, by ssh. */
export interface Self {
  readonly node: string;
  readonly program: string;
}

/** The running program. */
export const self = (): Self => ({
  node: process.execPath,
  program: process.argv[1] ?? fileURLToPath('file:///drawbridge'),
});

/** Words of a ProxyCommand: ssh fills in what `%` begins, then a shell splits them. */
export const proxyWords = (words: readonly string[]): string =>
  words.map((word) => `"${word.replace(/[\\"$`]/g, '\\$&').replaceAll('%', '%%')}"`).join(' ');

/** What the proxy is told. */
export interface ProxyOptions {
  /** This instance and no other. */
  readonly box?: string;
  /** By the official plugin. */
  readonly plugin?: boolean;
}

/** The command that ssh reaches an instance by. Tokens: `%n` the name as typed, `%p` the port. */
export function proxyCommand(context: Context, { node, program }: Self, options: ProxyOptions = {}): string {
  const { box, plugin = false } = options;
  const words = [node, program, 'ssh-tunnel', '--stack', context.stack];
  if (context.region !== undefined) words.push('--region', context.region);
  if (context.profile !== undefined) words.push('--profile', context.profile);
  if (box !== undefined) words.push('--box', box);
  if (plugin) words.push('--plugin');
  return `${proxyWords(words)} %n`;
}

/** Options of OpenSSH, by their names: the same for `drawbridge ssh` and for the include file. */
export const sshOptions = (files: SshFiles, proxy: string): Readonly<Record<string, string>> => ({
  User: SSH_USER,
  ProxyCommand: proxy,
  IdentityFile: `"${files.key}"`,
  IdentitiesOnly: 'yes',
  UserKnownHostsFile: `"${files.knownHosts('%n')}"`,
  GlobalKnownHostsFile: '/dev/null',
  // The keys have come through the agent; an unknown one is an attack, or a box that was replaced meanwhile.
  StrictHostKeyChecking: 'yes',
  UpdateHostKeys: 'no',
  ServerAliveInterval: '30',
});

/** The include file: names for ssh, scp, sftp, rsync and `-J`. */
export function configText(stack: string, options: Readonly<Record<string, string>>): string {
  const lines = Object.entries(options).map(([name, value]) => `  ${name} ${value}`);
  return [
    `# Written by \`drawbridge ssh-config\` for the stack ${stack}. Do not edit.`,
    `# ${stack}: whatever way there is; i-….${stack}: that instance.`,
    `Host ${stack} i-*.${stack}`,
    ...lines,
    '',
  ].join('\n');
}

/** The instance that a name of {@link configText} stands for; undefined for any. */
export const instanceOf = (name: string): string | undefined => /^(i-[0-9a-f]{8,17})(\.|$)/.exec(name)?.[1];
