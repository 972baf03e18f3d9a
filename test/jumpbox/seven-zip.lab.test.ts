/** Backups as archives of 7-Zip with encrypted names, opened by the 7-Zip of this machine; their proof and their restore. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { EXIT } from '../../contract/exit-codes';
import type { Cluster } from '../../lab/rds/cluster';
import { setMariadbStage, setStage, type Stage } from '../support/stage';
import { archives, expectFailure, keysIn, openUploads, readKey, readManifestAt } from './support';

const PASSWORD = `a "pass word" with $igns & 'quotes'`;
const SEVEN_ZIP = execFileSync('which', ['7za'], { encoding: 'utf8' }).trim();

const scratchOf = (stage: Stage): string[] => readdirSync(join(stage.directory, 'scratch'));

/** What an archive holds, read by 7-Zip with a password on standard input. */
async function opened(stage: Stage, key: string, password: string): Promise<Buffer> {
  const file = join(stage.directory, 'stored.7z');
  writeFileSync(file, await readKey(stage, key));
  return execFileSync('7za', ['x', '-so', '-bd', file], {
    input: `${password}\n`,
    maxBuffer: 1e9,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/** The commands of the README, with files of this machine in place of S3, and the secret read already. */
async function byHand(stage: Stage<Cluster>, prefix: string, names: readonly string[]): Promise<void> {
  const directory = join(stage.directory, 'by-hand');
  const [from, to] = [join(directory, 'bucket'), join(directory, 'here')];
  for (const path of [from, to]) mkdirSync(path, { recursive: true });
  for (const name of names) writeFileSync(join(from, name), await readKey(stage, `${prefix}${name}`));
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
  const block = [...readme.matchAll(/^```sh\n([^]*?)^```/gm)]
    .map(([, commands = '']) => commands)
    .find((commands) => commands.includes('7za'));
  expect(block).toBeDefined();
  const aws = `aws() { case "$1" in s3) cp "$3" "$4" ;; *) printf '%s\\n' "$of_the_secret" ;; esac; }`;
  execFileSync('bash', ['-euo', 'pipefail', '-c', `${aws}\nprefix=${from}\n${block ?? ''}`], {
    cwd: to,
    env: {
      ...process.env,
      ...stage.environment,
      of_the_secret: PASSWORD,
      secret: 'archives',
      server: 'postgresql://',
      ...stage.cluster.masterEnvironment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('PostgreSQL: packed, opened with the password alone, proven, restored; nothing stays on the disk', async () => {
  const stage = await setStage(500);
  try {
    const to = await archives(stage, 'archives', PASSWORD);
    // What a command line, an environment or a file holds, others on the box can read.
    const seen = join(stage.directory, 'seen');
    stage.fakeTool(
      '7za',
      `{ cat /proc/[0-9]*/cmdline /proc/$$/environ | tr '\\0' ' '; cat ${stage.directory}/scratch/*/*; } >> ${seen} 2>/dev/null
       exec ${SEVEN_ZIP} "$@"`,
    );
    const { code, result, stdout, stderr } = await stage.box(['backup'], to).end;
    stage.clearTools();
    expect(code).toBe(EXIT.ok);
    const spied = readFileSync(seen, 'latin1');
    expect(spied).toContain('-mhe=on');
    expect(spied).toContain('PGDMP');
    for (const words of [spied, stdout, stderr]) expect(words).not.toContain('pass word');
    const prefix = String(result.prefix);
    const names = (await keysIn(stage)).map((key) => key.slice(prefix.length)).sort();
    expect(names).toEqual(['database.pgdump.7z', 'manifest.json', 'roles.sql.7z']);
    const manifest = await readManifestAt(stage, prefix);
    expect([manifest.format, manifest.compressionTool]).toEqual(['7z', expect.stringContaining('7-Zip')]);
    const plain = await opened(stage, manifest.data.key, PASSWORD);
    expect(plain).toHaveLength(manifest.data.plainBytes);
    expect(plain.subarray(0, 5).toString()).toBe('PGDMP');
    await expect(opened(stage, manifest.data.key, 'another password')).rejects.toThrow();
    // Not even the names can be read.
    expect((await readKey(stage, manifest.data.key)).includes(Buffer.from('pgdump', 'utf16le'))).toBe(false);

    const proof = await stage.box(['prove'], to).end;
    expect([proof.code, proof.result.outcome, proof.result.differences]).toEqual([EXIT.ok, 'proven', []]);
    // What is made today says nothing about what an earlier backup was made with.
    const later = { ...to, [BOX_ENVIRONMENT.format]: 'zstd' };
    const restored = await stage.box(['restore', '--prefix', prefix, '--into', 'fresh'], later).end;
    expect(restored.code).toBe(EXIT.ok);
    await byHand(stage, prefix, names);
    const env = { ...process.env, ...stage.cluster.masterEnvironment };
    const rowsOf = (database: string): string =>
      execFileSync(
        join(stage.cluster.bin, 'psql'),
        ['-XAtc', 'SELECT count(*), sum(hashtext(t::text)) FROM shop."order" t', database],
        { env, encoding: 'utf8' },
      );
    expect(rowsOf('restored')).toMatch(/^3000\||^500\|/);
    expect([rowsOf('restored'), rowsOf('fresh')]).toEqual([rowsOf('app'), rowsOf('app')]);
    expect(scratchOf(stage)).toEqual([]);
  } finally {
    await stage.stop();
  }
}, 300_000);

test('what cannot be done is said, and nothing is left', async () => {
  const stage = await setStage(50);
  try {
    const to = await archives(stage, 'archives', PASSWORD);
    const backup = (changes: NodeJS.ProcessEnv) => () => stage.box(['backup'], changes).end;
    const made = await backup(to)();
    expect(made.code).toBe(EXIT.ok);
    const keys = await keysIn(stage);

    // A password that is another, or none, says nothing about the backup: no proof is written.
    const other = await archives(stage, 'another', 'a password that is another');
    const wrong = () => stage.box(['prove'], other).end;
    await expectFailure(
      stage,
      wrong,
      EXIT.usage,
      /does not open with the password that the secret holds now/,
    );
    const restore = (changes: NodeJS.ProcessEnv) => () =>
      stage.box(['restore', '--into', 'fresh'], changes).end;
    await expectFailure(stage, restore(other), EXIT.usage, /does not open with the password/);
    await expectFailure(stage, restore({}), EXIT.usage, /archiveSecretArn .* 7za x -so <file>/);
    const short = await archives(stage, 'short', 'short');
    await expectFailure(stage, backup(short), EXIT.usage, /12 to 128 printable/);
    const nothing = { [BOX_ENVIRONMENT.format]: '7z' };
    await expectFailure(stage, backup(nothing), EXIT.usage, /archiveSecretArn/);

    const faulty = (script: string): void => {
      stage.fakeTool('7za', `case "$1" in a) ${script};; *) exec ${SEVEN_ZIP} "$@";; esac`);
    };
    faulty('exit 2');
    await expectFailure(stage, backup(to), EXIT.failed, /7za ended with exit code 2/);
    faulty('kill -KILL $$');
    await expectFailure(stage, backup(to), EXIT.failed, /7za was killed by SIGKILL/);
    faulty('echo "No space left on device" >&2; exit 2');
    await expectFailure(stage, backup(to), EXIT.noRoom, /scratch disk is full/);
    stage.clearTools();
    stage.fakeTool('pg_dump', `[ "$1" = --version ] && exec ${stage.cluster.bin}/pg_dump "$@"; exit 1`);
    await expectFailure(stage, backup(to), EXIT.failed, /pg_dump ended with exit code 1/);
    stage.clearTools();
    expect([await keysIn(stage), scratchOf(stage), await openUploads(stage)]).toEqual([keys, [], []]);
  } finally {
    await stage.stop();
  }
}, 300_000);

// A disk of a known size needs root.
if (process.getuid?.() === 0)
  test('room is looked for before anything is begun, and a disk that fills up all the same is noticed', async () => {
    const stage = await setStage(50);
    const disk = join(stage.directory, 'disk');
    try {
      const to = await archives(stage, 'archives', PASSWORD);
      const changes = { ...to, [BOX_ENVIRONMENT.scratchDirectory]: disk };
      const backup = () => stage.box(['backup'], changes).end;
      mkdirSync(disk);
      const onDisk = async (megabytes: number, work: () => Promise<unknown>): Promise<void> => {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'tmpfs', disk]);
        try {
          chmodSync(disk, 0o777);
          await work();
        } finally {
          execFileSync('umount', [disk]);
        }
      };
      await onDisk(4, async () => {
        await expectFailure(stage, backup, EXIT.noRoom, /no room for this backup: .* 4\.0 MiB free, about/);
        expect(stage.faults.seen.filter((call) => call.startsWith('POST'))).toEqual([]);
      });
      const full = `fallocate -l $(( $(df --output=avail -B1 ${disk} | tail -1) - 8192 )) ${disk}/filler`;
      const real = join(stage.cluster.bin, 'pg_dump');
      stage.fakeTool('pg_dump', `[ "$1" = --version ] || ${full}\nexec ${real} "$@"`);
      await onDisk(400, async () => {
        await expectFailure(stage, backup, EXIT.noRoom, /scratch disk is full/);
        expect(readdirSync(disk)).toEqual(['filler']);
      });
      expect(await keysIn(stage)).toEqual([]);
    } finally {
      await stage.stop();
    }
  }, 300_000);

test('MariaDB: packed, opened, proven', async () => {
  const stage = await setMariadbStage(200);
  try {
    const to = await archives(stage, 'archives', PASSWORD);
    const { code, result } = await stage.box(['backup'], to).end;
    expect(code).toBe(EXIT.ok);
    const { data } = await readManifestAt(stage, String(result.prefix));
    expect((await opened(stage, data.key, PASSWORD)).toString()).toContain('-- Dump completed');
    const proof = await stage.box(['prove'], to).end;
    expect([proof.code, proof.result.outcome]).toEqual([EXIT.ok, 'proven']);
    expect(scratchOf(stage)).toEqual([]);
  } finally {
    await stage.stop();
  }
}, 300_000);
