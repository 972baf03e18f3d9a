/**
 * What users of other tools report (a dump that dies after its header, a part that is lost, …), for each engine in each form that a
 * backup can have. What each fault says in words is tested beside its engine; here, that no form lets one through.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { EXIT } from '../../contract/exit-codes';
import type { BoxEnd } from '../support/box-run';
import { type Fault, isComplete, isPart, isPutOf, s3Error } from '../support/s3-faults';
import { BUCKET, setMariadbStage, setStage, type Stage } from '../support/stage';
import {
  alter,
  archives,
  backupsIn,
  makeAgeKey,
  openUploads,
  readManifestAt,
  sweepUploads,
  told,
} from './support';

const ENGINES = {
  postgres: { set: () => setStage(300), dump: 'pg_dump' },
  mariadb: { set: () => setMariadbStage(300), dump: 'mariadb-dump' },
} as const;
const FORMS = ['zstd', 'zstd, encrypted', '7z'] as const;
type Form = (typeof FORMS)[number];

const which = (program: string, path: string): string =>
  execFileSync('which', [program], { encoding: 'utf8', env: { PATH: path } }).trim();

/** The settings of a form. */
async function settingsOf(form: Form, stage: Stage): Promise<NodeJS.ProcessEnv> {
  if (form === 'zstd') return {};
  if (form === '7z') return archives(stage, 'archives', 'a password of archives');
  return { [BOX_ENVIRONMENT.ageRecipients]: makeAgeKey(stage.directory, 'owner').recipient };
}

const always = (status: number, code: string): Fault[] =>
  Array.from({ length: 60 }, () => () => Promise.resolve(s3Error(status, code)));

describe.each(Object.entries(ENGINES))('%s', (_, { set, dump }) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await set();
  });
  afterAll(() => stage.stop());
  afterEach(() => {
    stage.faults.clear();
    stage.clearTools();
  });

  describe.each(FORMS)('as %s', (form) => {
    let settings: NodeJS.ProcessEnv;
    const run = (...words: string[]): Promise<BoxEnd> => stage.box(words, settings).end;
    /** Puts a program in the place of another: it gets the other's words, and only its version is the other's. */
    const replace = (program: string, script: (real: string) => string): void => {
      const real = which(program, stage.environment.PATH ?? '');
      const isQuestion = '[ "$#" -eq 0 ] || [ "$1" = --version ] || [ "$1" = i ]';
      stage.fakeTool(program, `if ${isQuestion}; then exec ${real} "$@"; fi\n${script(real)}`);
    };
    const compressor = form === '7z' ? '7za' : 'zstd';

    beforeAll(async () => {
      settings = await settingsOf(form, stage);
    });

    /** The promise of every fault. */
    async function expectNoBackup(): Promise<void> {
      const before = await backupsIn(stage);
      const end = await run('backup');
      expect(end.code).toBeGreaterThan(0);
      expect([end.stdout, told(end.stderr) !== '', /^\s+at .*\(/m.test(end.stderr)]).toEqual([
        '',
        true,
        false,
      ]);
      expect(await backupsIn(stage)).toEqual(before);
      await sweepUploads(stage);
      expect(await openUploads(stage)).toEqual([]);
      expect(readdirSync(join(stage.directory, 'scratch'))).toEqual([]);
    }

    test.each<[string, () => void]>([
      [
        'a dump that dies after its header',
        () => {
          replace(dump, (real) => `${real} "$@" | head -c 300; kill -KILL $$`);
        },
      ],
      [
        'a dump of zero bytes that claims success',
        () => {
          replace(dump, () => 'exit 0');
        },
      ],
      [
        'a compressor that dies',
        () => {
          replace(compressor, () => 'head -c 1000 > /dev/null; kill -TERM $$');
        },
      ],
      [
        'S3 that is down',
        () => {
          stage.faults.inject(isPart, always(503, 'SlowDown'));
        },
      ],
      [
        'credentials that expire in the middle',
        () => {
          stage.faults.inject((call) => isPart(call) || isComplete(call), always(400, 'ExpiredToken'));
        },
      ],
      [
        'an error inside a 200 on completing',
        () => {
          stage.faults.inject(isComplete, always(200, 'InternalError'));
        },
      ],
      [
        'a part that S3 lost',
        () => {
          const headers = { etag: '"0123456789abcdef0123456789abcdef"' };
          stage.faults.inject(isPart, [
            () => Promise.resolve({ status: 200, headers, body: Buffer.alloc(0) }),
          ]);
        },
      ],
      [
        'a part that S3 kept less of',
        () => {
          stage.faults.inject(isPart, [(call, forward) => forward({ ...call, body: call.body.subarray(1) })]);
        },
      ],
      [
        'a manifest that cannot be written',
        () => {
          stage.faults.inject(isPutOf('/manifest.json'), always(403, 'AccessDenied'));
        },
      ],
    ])('%s is no backup', async (_fault, break_) => {
      break_();
      await expectNoBackup();
    });

    // A program that lies about its end may get its bytes stored: what is listed is believed when it is proven.
    test.each<[string, () => void]>([
      [
        'a dump that lacks its end and claims success',
        () => {
          replace(dump, (real) => `${real} "$@" | head -c 30000; exit 0`);
        },
      ],
      [
        'a compressor that stops early and claims success',
        () => {
          replace(compressor, (real) =>
            form === '7z'
              ? `${real} "$@"; for word; do case "$word" in *.7z) truncate -s 2000 "$word";; esac; done; exit 0`
              : `${real} "$@" | head -c 2000; exit 0`,
          );
        },
      ],
    ])('%s never becomes a proven backup', async (_fault, break_) => {
      break_();
      const made = await run('backup');
      stage.clearTools();
      if (made.code !== EXIT.ok) {
        expect(made.stdout).toBe('');
        return;
      }
      const proven = await run('prove', '--prefix', String(made.result.prefix));
      expect([proven.code, proven.result.outcome]).toEqual([EXIT.notProven, 'failed']);
    });

    test('a box that is killed before the manifest leaves nothing that is listed, and after a sweep no upload', async () => {
      const before = await backupsIn(stage);
      const killed = stage.box(['backup'], settings);
      stage.faults.inject(isComplete, [
        async () => {
          killed.child.kill('SIGKILL');
          await killed.end;
          return s3Error(500, 'InternalError');
        },
      ]);
      await killed.end;
      expect(await backupsIn(stage)).toEqual(before);
      await sweepUploads(stage);
      expect(await openUploads(stage)).toEqual([]);
    });

    test('S3 that fails twice is asked again, and the backup is proven', async () => {
      stage.faults.inject(isPart, [
        ...always(500, 'InternalError').slice(0, 1),
        ...always(503, 'SlowDown').slice(0, 1),
      ]);
      const made = await run('backup');
      expect(made.code).toBe(EXIT.ok);
      const proven = await run('prove', '--prefix', String(made.result.prefix));
      expect([proven.code, proven.result.outcome]).toEqual([EXIT.ok, 'proven']);
    });

    test('one whose data is altered by one bit is not proven', async () => {
      const { prefix } = (await run('backup')).result;
      const { data } = await readManifestAt(stage, String(prefix));
      await alter(stage, data.key, (bytes) => (bytes[100] = (bytes[100] ?? 0) ^ 1));
      const { code, result } = await run('prove', '--prefix', String(prefix));
      expect([code, result.outcome]).toEqual([EXIT.notProven, 'failed']);
    });

    test('one whose data is gone is neither proven nor restored', async () => {
      const { prefix } = (await run('backup')).result;
      const { data } = await readManifestAt(stage, String(prefix));
      const { key: Key, versionId: VersionId } = data;
      await stage.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key, VersionId }));
      const proven = await run('prove', '--prefix', String(prefix));
      expect(proven.result.outcome).not.toBe('proven');
      expect(proven.code).not.toBe(EXIT.ok);
      const restored = await run('restore', '--prefix', String(prefix), '--into', 'never_there');
      expect([restored.code === EXIT.ok, restored.stdout]).toEqual([false, '']);
    });
  });
});
