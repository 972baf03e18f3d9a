/**
 * The program behind a box's `dnf`, `systemctl`, `shutdown`, …: tells the lab what was asked for, prints what it answers
 * and ends with its exit code. Usage: `node stand-in.cjs <address> <program> <arguments…>`.
 */
import { request } from 'node:http';
import type { StandInReply } from './stand-ins';

const [, , address = '', program = '', ...args] = process.argv;

function unreachable(error: Error): void {
  process.stderr.write(`${program}: the machine is going down (${error.message})\n`);
  process.exitCode = 1;
}

const asked = request(address, { method: 'POST' }, (response) => {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('error', unreachable);
  response.on('end', () => {
    const reply = JSON.parse(Buffer.concat(chunks).toString()) as StandInReply;
    process.stdout.write(reply.output ?? '');
    process.stderr.write(reply.errors ?? '');
    process.exitCode = reply.code;
  });
});
asked.on('error', unreachable);
asked.end(JSON.stringify({ program, args, directory: process.cwd() }));
