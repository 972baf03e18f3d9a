import { Option } from 'commander';
import type { WayOptions } from '../connect/way';
import type { Command } from '../framework/command';
import { instanceId, minutes, PLUGIN_HELP } from '../framework/words';

/** `drawbridge ssh` */
export const ssh: Command<WayOptions & { readonly forwardAgent?: boolean; readonly plugin?: boolean }> = {
  name: 'ssh',
  summary: 'open a shell by OpenSSH, with a key of one minute and a checked host',
  examples: [
    ['drawbridge ssh', 'a shell'],
    ['drawbridge ssh -- uptime', 'one command; its exit code is ours'],
    ['drawbridge ssh --forward-agent', 'your agent answers for hosts behind the box'],
    ['drawbridge ssh-config', 'for plain ssh, scp, sftp, rsync and -J'],
  ],
  configure: (parser) => {
    parser
      .option('--forward-agent', 'forward the SSH agent; whoever is root on the box can use it meanwhile')
      .option('--box <id>', 'on this box and no other', instanceId)
      .addOption(new Option('--via <way>', 'which kind of way').choices(['jump-host', 'box']))
      .option('--minutes <minutes>', 'life of a box that has to be opened', minutes)
      .option('--reason <words>', 'why, for a box that has to be opened')
      .option('--leave-open', 'do not close a box that had to be opened')
      .option('--plugin', PLUGIN_HELP);
  },
  run: async (context, options, _words, command) => {
    const { runSsh } = await import('../ssh/ssh');
    return runSsh(context, options, command);
  },
};

/** `drawbridge ssh-tunnel`: what ssh itself calls. */
export const sshTunnel: Command<{ readonly box?: string; readonly plugin?: boolean }> = {
  name: 'ssh-tunnel',
  summary: 'what ssh talks through (see ssh-config)',
  examples: [["ssh -o 'ProxyCommand=drawbridge ssh-tunnel %n' drawbridge", 'by hand']],
  configure: (parser) => {
    parser
      .argument('<name>', 'as typed to ssh')
      .option('--box <id>', 'this instance', instanceId)
      .option('--plugin', PLUGIN_HELP);
  },
  run: async (context, options, [name = '']) => {
    const { runProxy } = await import('../ssh/proxy');
    return runProxy(context, name, options);
  },
};

/** `drawbridge ssh-config` */
export const sshConfig: Command<{ readonly print?: boolean; readonly plugin?: boolean }> = {
  name: 'ssh-config',
  summary: 'write an include file, so that plain ssh, scp, sftp, rsync and -J work',
  examples: [
    ['drawbridge ssh-config', 'writes the file and says what to put into ~/.ssh/config'],
    ['scp dump.sql drawbridge:', 'afterwards; the host is called as the stack is'],
    ['ssh -J drawbridge admin@10.0.3.4', 'through the box to a host that accessTargets allows'],
  ],
  configure: (parser) => {
    parser.option('--print', 'print it instead of writing it').option('--plugin', PLUGIN_HELP);
  },
  run: async (context, { print = false, plugin = false }) => {
    const { SshFiles } = await import('../ssh/files');
    const { configText, proxyCommand, self, sshOptions } = await import('../ssh/options');
    const files = new SshFiles(context.stack);
    const text = configText(context.stack, sshOptions(files, proxyCommand(context, self(), { plugin })));
    if (print) {
      context.ui.result({ config: text }, text.trimEnd());
      return undefined;
    }
    files.publicKey();
    files.write(files.config, text);
    const include = `Include ${files.config}`;
    context.ui.result(
      { file: files.config, include },
      `Written: ${files.config}\nPut this line at the top of ~/.ssh/config, once:\n  ${include}`,
    );
    return undefined;
  },
};
