import { EXIT } from '../../contract/exit-codes';
import type { Cluster } from '../../lab/rds/cluster';
import type { BoxEnd } from '../support/box-run';
import { isComplete, isPart, isPutOf, type S3Answer, type S3Call, s3Error } from '../support/s3-faults';
import { setStage, type Stage } from '../support/stage';
import { backupsIn, expectFailure, openUploads, sweepUploads, told } from './support';

let stage: Stage<Cluster>;

beforeAll(async () => {
  stage = await setStage(1000);
  // Noise does not compress: enough of it for two parts.
  stage.cluster.psql(
    'CREATE TABLE shop.noise AS SELECT i, gen_random_bytes(1000) AS b FROM generate_series(1, 14000) i',
  );
});
afterAll(() => stage.stop());
afterEach(() => {
  stage.faults.clear();
});

const backup = (): Promise<BoxEnd> => stage.box(['backup']).end;
const failed = (run: () => Promise<BoxEnd>, code: number, message: RegExp): Promise<BoxEnd> =>
  expectFailure(stage, run, code, message);

describe('S3', () => {
  const answer = (given: S3Answer) => (): Promise<S3Answer> => Promise.resolve(given);

  it('that answers 500 and then 503 is asked again', async () => {
    stage.faults.inject(isPart, [answer(s3Error(500, 'InternalError')), answer(s3Error(503, 'SlowDown'))]);
    expect((await backup()).code).toBe(EXIT.ok);
  });

  it('that keeps answering 503 ends the backup', async () => {
    stage.faults.inject(
      isPart,
      Array.from({ length: 40 }, () => answer(s3Error(503, 'SlowDown'))),
    );
    await failed(backup, EXIT.unavailable, /Part \d+ of .* could not be stored: SlowDown/);
  });

  it('that hides an error in a 200 on completing is not believed', async () => {
    const hidden = answer({ ...s3Error(200, 'InternalError') });
    stage.faults.inject(
      isComplete,
      Array.from({ length: 40 }, () => hidden),
    );
    await failed(backup, EXIT.unavailable, /could not be committed: .*InternalError/);
  });

  it('that hides an error in a 200 once is asked again', async () => {
    stage.faults.inject(isComplete, [answer(s3Error(200, 'InternalError'))]);
    expect((await backup()).code).toBe(EXIT.ok);
  });

  it('that loses the answer to a completion and refuses the second with 412 has the backup all the same', async () => {
    stage.faults.inject(isComplete, [
      async (call, forward) => {
        expect((await forward(call)).status).toBe(200);
        return s3Error(500, 'InternalError');
      },
      answer(s3Error(412, 'PreconditionFailed')),
    ]);
    const { code, result } = await backup();
    expect(code).toBe(EXIT.ok);
    expect(await backupsIn(stage)).toContain(result.prefix);
  });

  it('that refuses with 412 because something else stands there is believed', async () => {
    stage.faults.inject(isComplete, [answer(s3Error(412, 'PreconditionFailed'))]);
    await failed(backup, EXIT.failed, /roles\.sql\.zst could not be committed: PreconditionFailed/);
  });

  it('that lost a part does not get a backup', async () => {
    const headers = { etag: '"0123456789abcdef0123456789abcdef"' };
    stage.faults.inject(
      (call) =>
        isPart(call) && call.path.includes('database.pgdump.zst') && call.path.includes('partNumber=2'),
      [answer({ status: 200, headers, body: Buffer.alloc(0) })],
    );
    await failed(backup, EXIT.failed, /could not be committed: .*InvalidPart/);
  });

  it('that kept less of a part than was sent does not get a backup', async () => {
    stage.faults.inject(
      (call) =>
        isPart(call) && call.path.includes('database.pgdump.zst') && call.path.includes('partNumber=1'),
      [(call, forward) => forward({ ...call, body: call.body.subarray(1) })],
    );
    await failed(backup, EXIT.failed, /could not be committed/);
  });

  it('that no longer takes the credentials, from the middle of the upload on, does not get a backup; a sweep ends its upload', async () => {
    const before = await backupsIn(stage);
    let expired = false;
    const isAfter = (call: S3Call): boolean => {
      expired ||= isPart(call) && call.path.includes('partNumber=2');
      return expired;
    };
    stage.faults.inject(
      isAfter,
      Array.from({ length: 100 }, () => answer(s3Error(400, 'ExpiredToken'))),
    );
    const { code, stderr } = await backup();
    expect(code).toBe(EXIT.failed);
    expect(told(stderr)).toMatch(/Part 2 of .* could not be stored: ExpiredToken/);
    expect(stderr).toMatch(/could not be aborted \(ExpiredToken.*; the sweep will do it/);
    expect(await backupsIn(stage)).toEqual(before);
    await sweepUploads(stage);
    expect(await openUploads(stage)).toEqual([]);
  });

  it('that fails on the manifest leaves objects that nobody lists', async () => {
    stage.faults.inject(
      isPutOf('/manifest.json'),
      Array.from({ length: 40 }, () => answer(s3Error(503, 'SlowDown'))),
    );
    await failed(backup, EXIT.unavailable, /manifest\.json could not be committed: SlowDown/);
  });
});
