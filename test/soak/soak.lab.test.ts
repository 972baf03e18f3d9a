/** The short form of `npm run soak`: the same blows, few of them. */
import { Soak } from './soak';

const RUNS = 3;
const SEED = 20261122;

let soak: Soak | undefined;
beforeAll(async () => {
  soak = await Soak.begin(SEED, 500);
}, 300_000);
afterAll(() => soak?.end(), 60_000);

test('whatever is killed, and whenever: what is listed restores, no box and no upload stays', async () => {
  for (let number = 1; number <= RUNS; number += 1) {
    expect(await soak?.run(number)).toMatchObject({ number, broken: [] });
  }
}, 600_000);
