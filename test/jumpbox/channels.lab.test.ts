/** A push over several channels: each an SSH connection of its own to the box's real server. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outgoing } from '../../cli/push/outgoing';
import { type FurtherChannels, sendFiles } from '../../cli/push/send';
import { PushBroken } from '../../cli/push/sender';
import { EXIT } from '../../contract/exit-codes';
import { BUCKET, type IntakeStage, setIntakeStage, SOURCE } from '../support/intake-stage';
import { outgoingOf } from '../support/outgoing';
import { SourceObjects } from '../support/receipts';
import { until } from '../support/until';

let stage: IntakeStage;
beforeAll(async () => {
  stage = await setIntakeStage({ maxFiles: 100 });
}, 120_000);
afterAll(() => stage.stop());

const there = (): SourceObjects => new SourceObjects(stage.s3, BUCKET, SOURCE);

/** An SSH connection to the box. */
class Channel {
  readonly ssh;
  heard = '';
  private readonly ended: Promise<unknown>;

  constructor(command: string) {
    this.ssh = spawn('ssh', [...stage.ssh, command], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.ssh.stdout.on('data', (text: Buffer) => (this.heard += text.toString()));
    this.ended = once(this.ssh, 'close');
  }

  get streams() {
    return { input: this.ssh.stdin, output: this.ssh.stdout };
  }

  /** How often the box has said a message of this type here. */
  count(type: string): number {
    return this.heard.split(`"type":"${type}"`).length - 1;
  }

  async end(): Promise<void> {
    this.ssh.kill();
    await this.ended;
  }
}

type Files = (further: readonly Channel[]) => AsyncGenerator<Outgoing>;

/** A push whose files can see its further channels. */
async function push(channels: number, files: Files, more: Partial<FurtherChannels> = {}) {
  const first = new Channel('push');
  const further: Channel[] = [];
  const tokens: string[] = [];
  const open = (token: string) => {
    const channel = new Channel(`channel ${token}`);
    tokens.push(token);
    further.push(channel);
    return Promise.resolve(channel.streams);
  };
  try {
    const others = { count: channels - 1, open, unopened: () => undefined, ...more };
    const committed = await sendFiles(first.streams, files(further), { client: 'test', further: others });
    return { ...committed, outcomes: [first, ...further].map((one) => one.count('outcome')), tokens };
  } finally {
    for (const channel of [first, ...further]) await channel.end();
  }
}

/** Files of their own, from when the box has greeted every further channel. */
const filesFor = (contents: ReadonlyMap<string, Buffer>, channels: number): Files =>
  async function* (further) {
    await until(() => further.length === channels - 1 && further.every((one) => one.count('hello') === 1));
    for (const [path, content] of contents) yield outgoingOf(path, content);
  };

const random = (folder: string, count: number): Map<string, Buffer> =>
  new Map(Array.from({ length: count }, (_, at) => [`${folder}/${at}`, randomBytes(100_000)] as const));

test('files go over every channel, and one receipt lists all of them', async () => {
  const contents = random('a', 60);
  const { receipt, outcomes, tokens } = await push(3, filesFor(contents, 3));
  expect(receipt).toMatchObject({ files: 60, refused: 0, unchanged: 0 });
  expect(outcomes.reduce((sum, one) => sum + one)).toBe(60);
  for (const one of outcomes) expect(one).toBeGreaterThan(0);
  for (const one of await there().files(receipt))
    expect((await there().content(one))?.equals(contents.get(one.path) ?? Buffer.alloc(0))).toBe(true);
  // Nothing is left of the place where the channels met.
  expect(new Set(tokens).size).toBe(1);
  expect(existsSync(join(tmpdir(), `drawbridge-${tokens[0] ?? ''}`))).toBe(false);
}, 60_000);

test('a channel that is lost ends the push; what arrived is not sent again', async () => {
  const contents = random('b', 40);
  const before = await there().receipts();
  const lost: Files = async function* (further) {
    for await (const one of filesFor(contents, 2)(further)) {
      if (one.path === 'b/30') {
        await until(() => (further[0]?.count('outcome') ?? 0) > 0);
        await further[0]?.end();
      }
      yield one;
    }
  };
  await expect(push(2, lost)).rejects.toBeInstanceOf(PushBroken);
  // The box stores what it holds, and ends, though its first channel was never closed by the client.
  const index = /_i-[0-9a-f]+\/packs\/[0-9a-f]{32}\.ndjson\.gz$/;
  const indices = async () => (await there().keys('intake/web/receipts/')).filter((key) => index.test(key));
  await until(async () => (await indices()).length > before.length);
  expect(await there().receipts()).toEqual(before);
  const { receipt } = await push(1, filesFor(contents, 1));
  expect(receipt).toMatchObject({ files: 40, refused: 0 });
  expect(receipt.unchanged).toBeGreaterThan(0);
  expect(await there().missing()).toEqual([]);
}, 60_000);

test('names and limits count for all channels together', async () => {
  const twice: Files = async function* (further) {
    await until(() => further[0]?.count('hello') === 1);
    for (let at = 0; at < 101; at += 1)
      yield outgoingOf(at < 2 ? 'c/same' : `c/${at}`, Buffer.from(`${at}\n`));
  };
  const { receipt } = await push(2, twice);
  expect(receipt).toMatchObject({ files: 99, refused: 2 });
  expect(receipt.refusals.map(({ reason }) => reason).sort()).toEqual([
    'a push may hold 100 files',
    'another file of this push has the same name, but for upper and lower case at most',
  ]);
}, 60_000);

test('a channel that cannot be opened, or says nothing, holds nothing up', async () => {
  const reasons: string[] = [];
  const silent: Channel[] = [];
  const open = async (token: string) => {
    if (silent.length === 0) {
      const channel = new Channel(`channel ${token}`);
      silent.push(channel);
      await until(() => channel.count('hello') === 1);
    }
    throw new Error('ThrottlingException');
  };
  const files: Files = async function* () {
    await until(() => reasons.length === 2);
    yield outgoingOf('d/1', Buffer.from('1\n'));
  };
  try {
    const { receipt } = await push(3, files, { open, unopened: (reason) => reasons.push(reason) });
    expect(receipt).toMatchObject({ files: 1, refused: 0 });
    expect(reasons).toEqual(['ThrottlingException', 'ThrottlingException']);
  } finally {
    for (const channel of silent) await channel.end();
  }
}, 60_000);

test.each([
  ['channel', EXIT.usage, 'Nothing can be run here'],
  ['channel ../../x', EXIT.usage, 'Nothing can be run here'],
  ['channel abc;id', EXIT.usage, 'Nothing can be run here'],
  ['channel abcdef id', EXIT.usage, 'Nothing can be run here'],
  ['channel abcdef\n', EXIT.usage, 'Nothing can be run here'],
  ['channel abcdef', EXIT.unavailable, 'No push on this box is under way'],
])('%j leads nowhere', (command, code, words) => {
  const done = spawnSync('ssh', [...stage.ssh, command], { input: 'x', encoding: 'utf8' });
  expect([done.status, done.stdout]).toEqual([code, '']);
  expect(done.stderr).toContain(words);
});
