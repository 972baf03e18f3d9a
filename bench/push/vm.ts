/**
 * The machine's side of a push, in a process of its own: the product's gathering and sending, over the words of ssh that it is
 * given behind the folder to hand in, or behind the number of small files to make up. Prints one line of JSON.
 */
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { localFiles } from '../../cli/push/local';
import type { Outgoing } from '../../cli/push/outgoing';
import { sendFiles } from '../../cli/push/send';

/** Files that exist in no file system: a thousand in each folder, each with its own number in it. */
async function* madeUp(files: number): AsyncGenerator<Outgoing> {
  for (let at = 0; at < files; at += 1) {
    const content = Buffer.from(`${at}\n`);
    yield await Promise.resolve({
      path: `srv/app-${Math.floor(at / 1_000)}/state/${at}.json`,
      bytes: content.length,
      modified: 1_763_683_200,
      mode: 0o644,
      content: () => Readable.from([content]),
      close: () => Promise.resolve(),
    });
  }
}

function filesOf(what: string): AsyncGenerator<Outgoing> {
  if (/^\d+$/.test(what)) return madeUp(Number(what));
  const root = { path: what, as: 'logs', exclude: [] };
  return localFiles(root, ({ path, reason }) => void process.stderr.write(`${path}: ${reason}\n`));
}

async function main([what = '', ...words]: readonly string[]): Promise<void> {
  const ssh = spawn('ssh', [...words, 'push'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let sentBytes = 0;
  try {
    const { receipt } = await sendFiles({ input: ssh.stdin, output: ssh.stdout }, filesOf(what), {
      client: 'bench',
      progress: (sent) => (sentBytes = sent.sentBytes),
    });
    process.stdout.write(
      `${JSON.stringify({ files: receipt.files, unchanged: receipt.unchanged, sentBytes })}\n`,
    );
  } finally {
    ssh.kill();
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
