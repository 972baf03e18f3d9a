import { backupPrefix } from '../../contract/keys';
import { reasonToEnd, sweep, type Sweeping } from '../../lambda/sweep';
import { toStackInstance } from '../../lambda/boxes';
import { FakeClock } from './fake-clock';
import { awsError, boxTags, FakeEc2, STACK } from './fake-ec2';
import { FakeUploads } from './fake-uploads';
import { quiet, rejection } from './opening';
import { written } from './written';

beforeEach(quiet);

const past = '2026-11-22T02:59:59Z';
const future = '2026-11-22T03:00:01Z';

function place(): { ec2: FakeEc2; uploads: FakeUploads; sweeping: Sweeping } {
  const clock = new FakeClock();
  const ec2 = new FakeEc2(clock);
  const uploads = new FakeUploads('backups-1');
  const sweeping = {
    ec2: ec2.client,
    s3: uploads.client,
    stackId: STACK,
    name: 'shop',
    bucket: 'backups-1',
    clock,
  };
  return { ec2, uploads, sweeping };
}

/** A key as the box writes it. */
const keyOf = (instanceId: string): string =>
  `${backupPrefix('shop', new Date('2026-11-22T02:00:00Z'), instanceId)}database.pgdump.zst`;

describe('boxes', () => {
  test('ends what is past its expiry or badly tagged, with the reason, and nothing else', async () => {
    const { ec2, sweeping } = place();
    const expired = ec2.add({ tags: boxTags({ expiresAt: past }) });
    const unreadable = ec2.add({ tags: boxTags({ expiresAt: 'tomorrow' }) });
    const eternal = ec2.add({ tags: boxTags({}) });
    const purposeless = ec2.add({ tags: boxTags({ purpose: undefined, expiresAt: future }) });
    const strange = ec2.add({ state: 'pending', tags: boxTags({ purpose: 'mining', expiresAt: future }) });
    const stopped = ec2.add({ state: 'stopped', tags: boxTags({ purpose: 'backup', expiresAt: past }) });
    const kept = [
      ec2.add({ tags: boxTags({ expiresAt: future }) }),
      ec2.add({ tags: boxTags({ purpose: 'jump-host' }) }),
      ec2.add({ tags: boxTags({ stackId: `${STACK}2`, expiresAt: past }) }),
      ec2.add(),
    ];
    ec2.add({ state: 'terminated', tags: boxTags({ expiresAt: past }) });
    ec2.add({ state: 'shutting-down', tags: boxTags({ expiresAt: past }) });
    expect(await sweep(sweeping)).toEqual({
      swept: [
        { instanceId: expired, reason: `expired at ${past}` },
        { instanceId: unreadable, reason: 'unreadable expiry tomorrow' },
        { instanceId: eternal, reason: 'no expiry tag' },
        { instanceId: purposeless, reason: 'no purpose tag' },
        { instanceId: strange, reason: 'unknown purpose mining' },
        { instanceId: stopped, reason: `expired at ${past}` },
      ],
      abortedUploads: [],
    });
    expect(ec2.terminations).toHaveLength(6);
    expect(kept.map((id) => ec2.state(id))).toEqual(kept.map(() => 'running'));
  });

  test.each(['', ' ', '2026-13-01T00:00:00Z', '2026-11-22T03:00:00+01:00', '2026-11-22', '1e9', 'NaN'])(
    'an expiry of "%s" does not make a box immortal',
    (text) => {
      const box = toStackInstance({
        InstanceId: 'i-1',
        Tags: Object.entries(boxTags({ expiresAt: text })).map(([Key, Value]) => ({ Key, Value })),
      });
      expect(reasonToEnd(box, new Date('2026-11-22T03:00:00Z'))).toMatch(/^unreadable expiry/);
    },
  );

  test('2,500 boxes over several pages: those that cannot be ended stop nothing, and the error names each', async () => {
    const { ec2, uploads, sweeping } = place();
    const boxes = Array.from({ length: 2_500 }, () => ec2.add({ tags: boxTags({ expiresAt: past }) }));
    const bad = [boxes[0], boxes[1_234], boxes[2_499]];
    ec2.onTerminate = (id) => {
      if (bad.includes(id)) throw awsError('OperationNotPermitted', 'termination protection');
    };
    uploads.open.set('upload-1', keyOf('i-00000000deadbeef0'));
    const error = await rejection(sweep(sweeping));
    expect(error.name).toBe('SweepIncomplete');
    expect(error.message).toContain('2497 boxes were ended and 1 uploads aborted');
    expect(error.message).toContain(
      `not ended: ${bad.join(', ')}: OperationNotPermitted: termination protection`,
    );
    expect(ec2.describes).toBeGreaterThanOrEqual(3);
    expect(ec2.terminations).toHaveLength(2_500);
    expect(boxes.filter((id) => ec2.state(id) === 'running')).toEqual(bad);
    expect(uploads.open.size).toBe(0);
  });
});

describe('metrics', () => {
  test('count what should have ended itself, and what cannot be ended', async () => {
    const { ec2, sweeping } = place();
    const measured = written();
    ec2.add({ tags: boxTags({ expiresAt: past }) });
    await sweep(sweeping);
    // A second late: its own timer may be at it.
    expect(measured()).toMatchObject({ Stack: 'shop', SweptBoxes: 0, BoxesPastExpiry: 0 });
    ec2.add({ tags: boxTags({ expiresAt: '2026-11-22T02:58:00Z' }) });
    ec2.add({ tags: boxTags({ expiresAt: 'tomorrow' }) });
    const bad = ec2.add({ tags: boxTags({ expiresAt: '2026-11-22T02:58:00Z' }) });
    ec2.onTerminate = (id) => {
      if (id === bad) throw awsError('OperationNotPermitted', 'termination protection');
    };
    await rejection(sweep(sweeping));
    expect(measured()).toMatchObject({ Stack: 'shop', SweptBoxes: 2, BoxesPastExpiry: 1 });
  });

  test('nothing to do is a count of 0: silence means that no sweep ran', async () => {
    const measured = written();
    await sweep(place().sweeping);
    expect(measured()).toMatchObject({ SweptBoxes: 0, BoxesPastExpiry: 0 });
  });
});

describe('uploads', () => {
  test('those of dead boxes are aborted, those of boxes in any other state are not', async () => {
    const { ec2, uploads, sweeping } = place();
    const alive = (['pending', 'running', 'shutting-down', 'stopping', 'stopped'] as const).map((state) =>
      ec2.add({ state, tags: boxTags({ expiresAt: future }) }),
    );
    for (const id of alive) ec2.machine(id).endingLooks = 9;
    const untagged = ec2.add();
    const dead = ec2.add({ state: 'terminated', tags: boxTags({ expiresAt: past }) });
    const forgotten = 'i-00000000deadbeef0';
    for (const id of [...alive, untagged, dead, forgotten]) uploads.open.set(`upload of ${id}`, keyOf(id));
    const { abortedUploads } = await sweep(sweeping);
    expect([...abortedUploads].sort((a, b) => (a.uploadId < b.uploadId ? -1 : 1))).toEqual([
      { key: keyOf(dead), uploadId: `upload of ${dead}` },
      { key: keyOf(forgotten), uploadId: `upload of ${forgotten}` },
    ]);
    expect([...uploads.open.keys()].sort()).toEqual(
      [...alive, untagged].map((id) => `upload of ${id}`).sort(),
    );
  });

  test('a box that the same sweep ends keeps its upload until it is terminated', async () => {
    const { ec2, uploads, sweeping } = place();
    const box = ec2.add({ tags: boxTags({ purpose: 'backup', expiresAt: past }) });
    uploads.open.set('upload-1', keyOf(box));
    expect((await sweep(sweeping)).abortedUploads).toEqual([]);
    ec2.machine(box).State = { Name: 'terminated' };
    expect((await sweep(sweeping)).abortedUploads).toEqual([{ key: keyOf(box), uploadId: 'upload-1' }]);
  });

  test('a box that appears while the uploads are listed is seen before its upload is judged', async () => {
    const { ec2, uploads, sweeping } = place();
    uploads.onList = () => {
      ec2.add({ id: 'i-00000000000000abc', tags: boxTags({ purpose: 'backup', expiresAt: future }) });
    };
    uploads.open.set('upload-1', keyOf('i-00000000000000abc'));
    expect((await sweep(sweeping)).abortedUploads).toEqual([]);
    expect(uploads.open.size).toBe(1);
  });

  test('over any number of pages, several uploads of one key and more boxes than one filter takes', async () => {
    const { ec2, uploads, sweeping } = place();
    uploads.pageSize = 7;
    // Listed last, so that it comes after the values of the first filter.
    const running = ec2.add({
      id: 'i-ffffffffffffffff0',
      tags: boxTags({ purpose: 'backup', expiresAt: future }),
    });
    for (let n = 0; n < 250; n += 1) {
      uploads.open.set(`dead ${n}`, keyOf(`i-${n.toString(16).padStart(17, 'd')}`));
      uploads.open.set(`alive ${n}`, keyOf(running));
    }
    expect((await sweep(sweeping)).abortedUploads).toHaveLength(250);
    expect([...uploads.open.values()]).toEqual(Array.from({ length: 250 }, () => keyOf(running)));
  });

  test('keys that name no box, and keys elsewhere, are left alone', async () => {
    const { uploads, sweeping } = place();
    uploads.open.set('upload-1', 'backups/shop/by-hand/database.pgdump.zst');
    uploads.open.set('upload-2', keyOf('i-00000000deadbeef0').replace('backups/', 'intake/'));
    expect((await sweep(sweeping)).abortedUploads).toEqual([]);
    expect(uploads.open.size).toBe(2);
  });

  test('an upload that is gone already is no failure; another failure is named and stops nothing', async () => {
    const { uploads, sweeping } = place();
    for (const n of [1, 2, 3]) uploads.open.set(`upload-${n}`, keyOf('i-00000000deadbeef0'));
    uploads.onAbort = (id) => {
      if (id === 'upload-1') throw awsError('NoSuchUpload');
      if (id === 'upload-2') throw awsError('AccessDenied');
    };
    const error = await rejection(sweep(sweeping));
    expect(error.name).toBe('SweepIncomplete');
    expect(error.message).toContain('upload upload-2 of backups/shop/');
    expect(error.message).not.toContain('upload-1');
    expect([...uploads.open.keys()]).toEqual(['upload-1', 'upload-2']);
  });

  test('a bucket that does not answer is named, after the boxes were ended', async () => {
    const { ec2, uploads, sweeping } = place();
    ec2.add({ tags: boxTags({ expiresAt: past }) });
    uploads.onList = () => {
      throw awsError('NoSuchBucket');
    };
    const error = await rejection(sweep(sweeping));
    expect(error.message).toContain('looking for uploads of dead boxes: NoSuchBucket');
    expect(ec2.terminations).toHaveLength(1);
  });
});
