import { EXIT } from '../../contract/exit-codes';
import type { Command } from '../framework/command';

interface Options {
  readonly out?: string;
}

/** `drawbridge vm-config` */
export const vmConfig: Command<Options> = {
  name: 'vm-config',
  summary: 'everything that a machine needs to hand files in: policy, configuration, systemd units, program',
  examples: [
    ['drawbridge vm-config', 'print it, where there is one intake source'],
    ['drawbridge vm-config web --out web-kit', 'write it into a directory, the one-file program included'],
  ],
  configure: (parser) => {
    parser
      .argument('[source]', 'name of an intake source')
      .option('--out <directory>', 'write files into this directory, which must not hold them yet');
  },
  run: async (context, { out }, [name]) => {
    const { findStack } = await import('../aws/stack');
    const { findSource } = await import('../aws/sources');
    const { deployedPolicy } = await import('../vm/policy');
    const { kitOf } = await import('../vm/kit');
    const stack = await findStack(context);
    const source = findSource(stack, name);
    const kit = kitOf(stack, source, await deployedPolicy(context, source.policyArn));
    if (out === undefined) {
      const files = Object.fromEntries(kit.map(({ name: file, text }) => [file, text]));
      const text = kit.map((file) => `==> ${file.name} <==\n${file.text}`).join('\n');
      context.ui.result({ source: source.name, policyArn: source.policyArn, files }, text.trimEnd());
      return EXIT.ok;
    }
    const { writeKit } = await import('../vm/write-kit');
    const written = writeKit(out, kit, context.vmClient);
    context.ui.result(
      { source: source.name, directory: out, written },
      [`${out} holds ${written.join(', ')}.`, 'INSTALL.md says what to do with them.'].join('\n'),
    );
    return EXIT.ok;
  },
};
