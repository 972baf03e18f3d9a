import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { drain } from '../../jumpbox/process/pump';

/** Collects chunks, each for a while; says how many it ever had at a time. */
function slowTaker() {
  const seen: string[] = [];
  let [now, most] = [0, 0];
  const take = async (chunk: Buffer): Promise<void> => {
    most = Math.max(most, (now += 1));
    await sleep(5);
    seen.push(chunk.toString());
    now -= 1;
  };
  return { take, seen, most: () => most };
}

test('a taker never has two chunks at a time, also when somebody resumes the stream, as Node does when a program ends', async () => {
  const source = new PassThrough();
  const { take, seen, most } = slowTaker();
  const done = drain(source, take);
  for (const word of ['a', 'b', 'c', 'd']) {
    source.write(word);
    await sleep(1);
    source.resume();
  }
  source.end();
  await done;
  expect([seen.join(''), most()]).toEqual(['abcd', 1]);
});

test('a failure of the taker ends it, and nothing is taken any more', async () => {
  const source = new PassThrough();
  let taken = 0;
  const done = drain(source, () => {
    taken += 1;
    return Promise.reject(new Error('no room'));
  });
  source.write('a');
  source.write('b');
  await expect(done).rejects.toThrow('no room');
  await sleep(5);
  expect([taken, source.destroyed]).toEqual([1, true]);
});

test('a stream that is cut off is no end', async () => {
  const source = new PassThrough();
  const done = drain(source, () => undefined);
  source.write('a');
  source.destroy();
  await expect(done).rejects.toThrow('The stream was cut off.');
});
