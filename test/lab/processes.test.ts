import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endProcesses, isAlive, labProcesses, labProcessesOf } from '../../lab/processes';

const newId = (): string => `test-${randomBytes(4).toString('hex')}`;

/** Prints a line when it is ready, so that no test waits by the clock. */
const SLEEPER = 'console.log("up"); setInterval(() => {}, 1000)';
const STUBBORN = `process.on("SIGTERM", () => {}); ${SLEEPER}`;
const PARENT = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(SLEEPER)}], { stdio: "inherit", detached: true }).unref(); setInterval(() => {}, 1000)`;

const pidsOf = (id: string): number[] =>
  labProcesses()
    .filter(({ lab }) => lab === id)
    .map(({ pid }) => pid);

describe('processes of a lab', () => {
  it.each([
    ['an ordinary one', SLEEPER, 1],
    ['one that ignores being asked', STUBBORN, 1],
    ['one with a child of its own, in a session of its own', PARENT, 2],
  ])('carry its id and end with it: %s', async (_name, program, count) => {
    const id = newId();
    const processes = labProcessesOf(id);
    const child = processes.spawn(process.execPath, ['-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout === null) throw new Error('no output');
    await once(child.stdout, 'data');
    expect(pidsOf(id)).toHaveLength(count);
    expect(pidsOf(id)).toContain(child.pid);
    await processes.stop();
    expect(pidsOf(id)).toEqual([]);
  });

  it('leave other labs alone', async () => {
    const [one, other] = [newId(), newId()];
    const options = { stdio: ['ignore', 'pipe', 'inherit'] as ('ignore' | 'pipe' | 'inherit')[] };
    const kept = labProcessesOf(other).spawn(process.execPath, ['-e', SLEEPER], options);
    try {
      if (kept.stdout === null) throw new Error('no output');
      await once(kept.stdout, 'data');
      await endProcesses(one);
      expect(pidsOf(other)).toEqual([kept.pid]);
    } finally {
      await endProcesses(other);
    }
  });

  it('end with the process that started them, also when it is killed', async () => {
    const program = `
      const { spawn } = require('node:child_process');
      const { endWithThisProcess } = require(${JSON.stringify(require.resolve('../../lab/processes'))});
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(SLEEPER)}], { stdio: ['ignore', 'pipe', 'inherit'] });
      endWithThisProcess(child, 'SIGKILL');
      child.stdout.once('data', () => console.log(child.pid));`;
    const words = ['--require', require.resolve('tsx/cjs'), '-e', program];
    const starter = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(starter.stdout, 'data')) as [Buffer];
    const pid = Number(said.toString());
    expect(isAlive(pid)).toBe(true);
    starter.kill('SIGKILL');
    while (isAlive(pid)) await sleep(20);
  });

  it('are dead when they have ended, even while nobody has asked how', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    expect(isAlive(child.pid ?? 0)).toBe(false);
    expect(isAlive(process.pid)).toBe(true);
  });
});
