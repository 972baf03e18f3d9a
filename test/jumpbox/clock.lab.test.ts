/** A box whose clock is set back and forward while it works: what it promises depends on no clock. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import type { Cluster } from '../../lab/rds/cluster';
import type { BoxEnd } from '../support/box-run';
import { setStage, type Stage } from '../support/stage';
import { backupsIn, openUploads, readManifestAt, readProofAt } from './support';

/** The clock of a program, which jumps ten times a second: an hour back, three hours forward, back again. */
const JUMPING = `
const RealDate = Date;
const jump = () => [0, -3600e3, 10800e3][Math.floor(performance.now() / 100) % 3];
globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + jump());
    else super(...given);
  }
  static now() { return RealDate.now() + jump(); }
};
`;

let stage: Stage<Cluster>;
let jumping: string;

beforeAll(async () => {
  stage = await setStage(2000);
  jumping = join(stage.directory, 'jumping.cjs');
  writeFileSync(jumping, JUMPING);
});
afterAll(() => stage.stop());

const run = (...words: string[]): Promise<BoxEnd> =>
  stage.box(words, { NODE_OPTIONS: `--require ${jumping}` }).end;

test('a backup, its proof and its restore go well, and never end before they began', async () => {
  const backup = await run('backup', '--json');
  expect([backup.code, backup.stderr.includes('Error')]).toEqual([EXIT.ok, false]);
  const prefix = String(backup.result.prefix);
  expect(await backupsIn(stage)).toEqual([prefix]);
  const manifest = await readManifestAt(stage, prefix);
  const took = Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt);
  expect(took).toBeGreaterThanOrEqual(0);
  expect(Number(backup.result.seconds)).toBeGreaterThan(0);

  const proven = await run('prove', '--prefix', prefix, '--json');
  expect(proven.code).toBe(EXIT.ok);
  const proof = await readProofAt(stage, String(proven.result.key));
  expect(proof.outcome).toBe('proven');
  expect(Date.parse(proof.finishedAt)).toBeGreaterThanOrEqual(Date.parse(proof.startedAt));

  const restored = await run('restore', '--prefix', prefix, '--into', 'after_the_jumps', '--json');
  expect(restored.code).toBe(EXIT.ok);
  expect(restored.result.rows).toBe(backup.result.rows);
  expect(Number(restored.result.seconds)).toBeGreaterThan(0);
  expect(await openUploads(stage)).toEqual([]);
});
