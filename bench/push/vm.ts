/**
 * The machine's side of a push, in a process of its own: the product's gathering and sending, over the words of ssh that it is
 * given behind the folder to hand in. Prints one line of JSON.
 */
import { spawn } from 'node:child_process';
import { localFiles } from '../../cli/push/local';
import { Sender } from '../../cli/push/sender';

async function main([folder = '', ...words]: readonly string[]): Promise<void> {
  const ssh = spawn('ssh', [...words, 'push'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const sender = new Sender(ssh.stdin, ssh.stdout, {
    client: 'bench',
    bytesPerSecond: undefined,
    isResumed: () => false,
    refused: (path, reason) => void process.stderr.write(`refused: ${path}: ${reason}\n`),
    progress: () => undefined,
  });
  try {
    const root = { path: folder, as: 'logs', exclude: [] };
    const files = localFiles(root, ({ path, reason }) => void process.stderr.write(`${path}: ${reason}\n`));
    const { receipt } = await sender.run(files);
    process.stdout.write(
      `${JSON.stringify({ files: receipt.files, unchanged: receipt.unchanged, sentBytes: sender.sentBytes })}\n`,
    );
  } finally {
    ssh.kill();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
