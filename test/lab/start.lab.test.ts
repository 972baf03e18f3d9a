import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { labs, removeDeadLabs, type LabRecord } from '../../lab/directory';
import { labProcesses } from '../../lab/processes';
import { startLab, type RunningLab } from '../../lab/start';
import { until } from '../support/until';

/** A user that owns nothing: https://wiki.debian.org/SystemGroups */
const NOBODY = 65_534;

const pidsOf = (id: string): number[] =>
  labProcesses()
    .filter(({ lab }) => lab === id)
    .map(({ pid }) => pid);

const recordOf = ({ directory }: RunningLab): LabRecord =>
  JSON.parse(readFileSync(join(directory, 'lab.json'), 'utf8')) as LabRecord;

/** Starts a lab from a process of its own and tells the lab's id. */
async function startElsewhere(): Promise<{ id: string; child: ReturnType<typeof spawn> }> {
  const start = JSON.stringify(join(__dirname, '..', '..', 'lab', 'start.ts'));
  const program = `require(${start}).startLab().then(({ id }) => { console.log(id); setInterval(() => {}, 1000); })`;
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [id] = await new Promise<[string]>((resolve) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      resolve([line]);
    });
  });
  return { id, child };
}

describe('a lab', () => {
  it('answers at one address, says where it is, and leaves nothing when it stops', async () => {
    const lab = await startLab();
    try {
      expect(lab.environment).toMatchObject({
        AWS_ENDPOINT_URL: lab.endpoint,
        AWS_EC2_METADATA_DISABLED: 'true',
      });
      expect(recordOf(lab)).toMatchObject({
        id: lab.id,
        endpoint: lab.endpoint,
        keep: false,
        account: '123456789012',
      });
      expect(pidsOf(lab.id)).toContain(recordOf(lab).pid);
      const s3 = new S3Client({
        endpoint: lab.endpoint,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
        forcePathStyle: true,
      });
      await s3.send(new CreateBucketCommand({ Bucket: 'a-bucket' }));
      const { Buckets } = await s3.send(new ListBucketsCommand({}));
      expect(Buckets?.map(({ Name }) => Name)).toEqual(['a-bucket']);
    } finally {
      await lab.stop();
    }
    expect(pidsOf(lab.id)).toEqual([]);
    expect(existsSync(lab.directory)).toBe(false);
  });

  it('ends when the process that started it is killed', async () => {
    const { id, child } = await startElsewhere();
    const directory = labs().find((lab) => lab.id === id);
    expect(directory?.record).toMatchObject({ state: 'serving' });
    child.kill('SIGKILL');
    await until(() => pidsOf(id).length === 0 && !labs().some((lab) => lab.id === id));
  });

  it('that was killed itself is cleared up by the next one', async () => {
    const lab = await startLab();
    // Stands for what runs on a box, which nothing else would end.
    const left = spawn('sleep', ['600'], {
      env: { PATH: process.env.PATH, DRAWBRIDGE_LAB: lab.id },
      stdio: 'ignore',
    });
    process.kill(recordOf(lab).pid, 'SIGKILL');
    await until(() => !pidsOf(lab.id).includes(recordOf(lab).pid));
    expect(pidsOf(lab.id)).toContain(left.pid);
    expect(await removeDeadLabs()).toContain(lab.id);
    expect(pidsOf(lab.id)).toEqual([]);
    expect(existsSync(lab.directory)).toBe(false);
  });

  if (process.getuid?.() === 0)
    it('of another user of the machine is his', async () => {
      const directory = join(tmpdir(), 'drawbridge-lab-0000abcd');
      mkdirSync(directory, { mode: 0o700 });
      chownSync(directory, NOBODY, NOBODY);
      utimesSync(directory, 0, 0);
      try {
        expect(await removeDeadLabs()).not.toContain('0000abcd');
        expect(existsSync(directory)).toBe(true);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });

  it('of somebody without a temporary directory of his own is left alone', async () => {
    const id = randomBytes(4).toString('hex');
    const directory = `/tmp/drawbridge-lab-${id}`;
    mkdirSync(directory);
    const env = { PATH: process.env.PATH, DRAWBRIDGE_LAB: id };
    const child = spawn('sleep', ['600'], { env, stdio: 'ignore' });
    try {
      await until(() => pidsOf(id).length > 0);
      expect(await removeDeadLabs()).not.toContain(id);
      expect(pidsOf(id)).toEqual([child.pid]);
    } finally {
      child.kill();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
