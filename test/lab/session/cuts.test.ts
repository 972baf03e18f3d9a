import { createHash, randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { SessionEvent } from '../../../cli/session/index';
import { FORWARDING, clientSession, dial, digest, labSession, later, serve, ticketFor } from './support';
import { forwardPort } from '../../../cli/session/index';
import { startLine } from './line';

const MIB = 1_024 * 1_024;
const SIZE = 6 * MIB;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A transfer both ways over a line that can be cut; the far end hashes what comes and answers with bytes of its own. */
async function transfer(options: { readonly pingMs: number; readonly pongMs: number }) {
  const [up, down] = [randomBytes(SIZE), randomBytes(SIZE)];
  const far = { seen: 0 };
  const port = await serve((socket) => {
    const hash = createHash('sha256');
    socket.on('data', (chunk) => {
      hash.update(chunk);
      far.seen += chunk.length;
      if (far.seen === SIZE) socket.end(Buffer.concat([hash.digest(), down]));
    });
  });
  const lab = await labSession({
    properties: { host: '127.0.0.1', portNumber: String(port), type: FORWARDING },
  });
  const line = await startLine(Number(new URL(lab.streamUrl).port));
  later(() => line.close());
  const events: (SessionEvent & { readonly at: number })[] = [];
  const ticket = ticketFor(lab);
  const url = new URL(lab.streamUrl);
  url.port = String(line.port);
  const session = await clientSession(lab, {
    ...options,
    streamUrl: url.href,
    // What is cut from the channel is cut from the API too.
    resume: () => (line.isCut ? Promise.reject(new Error('no route to host')) : ticket.resume()),
    event: (event) => events.push({ ...event, at: performance.now() }),
  });
  const forward = await forwardPort(session);
  later(() => forward.close());
  const socket = dial(forward.port);
  socket.write(up);
  const expected = Buffer.concat([createHash('sha256').update(up).digest(), down]);
  const want = { sha256: createHash('sha256').update(expected).digest('hex'), bytes: expected.length };
  const state = { got: undefined as Awaited<ReturnType<typeof digest>> | undefined };
  void digest(socket).then((got) => (state.got = got));
  return { far, socket, line, events, want, state };
}

describe('a cut of the network in the middle of a transfer', () => {
  describe('for as long as nobody wants to wait', () => {
    let now = 0;
    beforeEach(() => {
      now = performance.now();
      jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date'] });
      jest.spyOn(performance, 'now').mockImplementation(() => now);
    });
    afterEach(() => {
      jest.restoreAllMocks();
      jest.useRealTimers();
    });

    /** Lets time pass in steps, and everything happen that happens in between. */
    const pass = async (milliseconds: number, step: number, until: () => boolean): Promise<void> => {
      for (let passed = 0; passed < milliseconds && !until(); passed += step) {
        now += step;
        jest.advanceTimersByTime(step);
        await turn();
        await turn();
      }
    };

    it.each([5, 30, 120])('of %i seconds loses nothing and repeats nothing', async (seconds) => {
      const { far, socket, line, events, want, state } = await transfer({ pingMs: 30_000, pongMs: 15_000 });
      const cutWhen = async (reached: () => boolean): Promise<void> => {
        await pass(Infinity, 1, reached);
        const before = events.filter(({ type }) => type === 'resumed').length;
        line.cut();
        await pass(seconds * 1_000, 50, () => false);
        expect(events.filter(({ type }) => type === 'resumed')).toHaveLength(before);
        expect(socket.destroyed).toBe(false);
        line.mend();
        await pass(10_000, 5, () => events.at(-1)?.type === 'resumed');
        const lost = events.filter(({ type }) => type === 'lost').at(-1);
        const resumed = events.at(-1);
        // How long the loss takes to be noticed is the machine's affair; from there on, the figure is exact.
        expect(resumed).toMatchObject({ type: 'resumed', afterMs: Number(resumed?.at) - Number(lost?.at) });
      };
      await cutWhen(() => far.seen > SIZE / 3);
      await cutWhen(() => socket.bytesRead > SIZE / 3);
      await pass(Infinity, 1, () => state.got !== undefined);
      expect(state.got).toEqual(want);
      expect(events.filter(({ type }) => type === 'lost')).toHaveLength(2);
    });
  });

  it('is noticed by its silence, when no end of the line says a word, and survived', async () => {
    const { far, line, events, want, state } = await transfer({ pingMs: 300, pongMs: 500 });
    while (far.seen < SIZE / 3) await turn();
    line.fallSilent();
    while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(events[0]).toMatchObject({
      type: 'lost',
      why: expect.stringContaining('nothing heard') as string,
    });
    line.mend();
    while (state.got === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(state.got).toEqual(want);
  });
});
