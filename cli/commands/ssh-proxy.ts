import type { Command } from '../framework/command';

/** `drawbridge ssh-proxy`: what `drawbridge push` gives SSH as its ProxyCommand. */
export const sshProxy: Command = {
  name: 'ssh-proxy',
  summary: 'carry SSH over a session: for ProxyCommand',
  examples: [
    [
      "ssh -o 'ProxyCommand drawbridge ssh-proxy %h <document>' intake@i-0123456789abcdef0",
      "reach an intake box's SSH server",
    ],
  ],
  configure: (parser) => {
    parser.argument('<instance-id>').argument('<document>');
  },
  run: async (context, _options, [instanceId = '', documentName = '']) => {
    const { carrySsh } = await import('../push/proxy');
    return carrySsh(context, instanceId, documentName);
  },
};
