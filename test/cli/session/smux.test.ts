import { once } from 'node:events';
import fc from 'fast-check';
import { COMMAND, FrameReader, SmuxError, frameHeader } from '../../../cli/session/smux/frames';
import { Mux, type MuxOptions } from '../../../cli/session/smux/mux';
import type { MuxStream } from '../../../cli/session/smux/stream';

interface Seen {
  readonly opened: number[];
  readonly finished: number[];
  readonly data: Map<number, Buffer[]>;
}

function reader(): { readonly seen: Seen; readonly reader: FrameReader } {
  const seen: Seen = { opened: [], finished: [], data: new Map() };
  const read = new FrameReader({
    open: (id) => seen.opened.push(id),
    finish: (id) => seen.finished.push(id),
    data: (id, bytes) => seen.data.set(id, [...(seen.data.get(id) ?? []), bytes]),
  });
  return { seen, reader: read };
}

describe('smux frames', () => {
  it('have a little-endian header of eight bytes', () => {
    expect(frameHeader(COMMAND.data, 0x01020304, 0x0506).toString('hex')).toBe('0102060504030201');
  });

  it('are read from pieces of any size', () => {
    const frames = fc.array(
      fc.record({ id: fc.nat({ max: 0xffffffff }), bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 400 }), (list, size) => {
        const bytes = Buffer.concat(
          list.flatMap(({ id, bytes: data }) => [frameHeader(COMMAND.data, id, data.length), data]),
        );
        const { seen, reader: read } = reader();
        for (let at = 0; at < bytes.length; at += size) read.read(bytes.subarray(at, at + size));
        for (const { id } of list) {
          const sent = Buffer.concat(list.filter((one) => one.id === id).map((one) => one.bytes));
          expect(Buffer.concat(seen.data.get(id) ?? [])).toEqual(sent);
        }
      }),
    );
  });

  it('that are none end in a SmuxError and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }), (pieces) => {
        const { reader: read } = reader();
        try {
          for (const piece of pieces) read.read(Buffer.from(piece));
        } catch (error) {
          expect(error).toBeInstanceOf(SmuxError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['another version', '0202000003000000'],
    ['an unknown command', '0107000003000000'],
    ['data in a frame that has none', '0100010003000000'],
  ])('are refused: %s', (_what, hex) => {
    expect(() => {
      reader().reader.read(Buffer.from(hex, 'hex'));
    }).toThrow(SmuxError);
  });
});

interface Pair {
  readonly client: Mux;
  readonly server: Mux;
  readonly accepted: MuxStream[];
  readonly listening: boolean[];
}

/** Two muxes back to back; the server's side accepts. */
function pair(): Pair {
  const accepted: MuxStream[] = [];
  const listening: boolean[] = [];
  const client: Mux = new Mux(
    {
      write: (bytes) => {
        server.receive(bytes);
        return true;
      },
      listen: () => undefined,
    },
    { keepAlive: false },
  );
  const server: Mux = new Mux(
    {
      write: (bytes) => {
        client.receive(bytes);
        return true;
      },
      listen: (on) => listening.push(on),
      accept: (stream) => accepted.push(stream),
    },
    { keepAlive: false },
  );
  return { client, server, accepted, listening };
}

describe('streams of a mux', () => {
  it('have odd ids from 3, as the official client gives them', () => {
    const { client, accepted } = pair();
    client.open();
    client.open();
    expect(accepted.map(({ id }) => id)).toEqual([3, 5]);
  });

  it('carry bytes both ways and end when both ends are done', async () => {
    const { client, server, accepted } = pair();
    const here = client.open();
    const [there] = accepted;
    expect(there).toBeDefined();
    there?.on('data', (bytes: Buffer) => there.write(bytes));
    there?.on('end', () => there.end());
    const big = Buffer.alloc(100_000, 'ab');
    here.write(big);
    const back: Buffer[] = [];
    let length = 0;
    for await (const bytes of here as AsyncIterable<Buffer>) {
      back.push(bytes);
      length += bytes.length;
      if (length === big.length) here.end();
    }
    expect(Buffer.concat(back).equals(big)).toBe(true);
    expect([client.size, server.size]).toEqual([0, 0]);
  });

  it('stop reading when nobody takes what came, and go on when somebody does', async () => {
    const { client, accepted, listening } = pair();
    const here = client.open();
    for (let count = 0; count < 6; count += 1) here.write(Buffer.alloc(1_024 * 1_024));
    await new Promise((resolve) => setImmediate(resolve));
    expect(listening).toEqual([false]);
    accepted[0]?.resume();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(listening).toEqual([false, true]);
  });

  it('that are given up are told to the other end', async () => {
    const { client, accepted } = pair();
    const here = client.open();
    const [there] = accepted;
    there?.resume();
    const ended = once(there ?? here, 'end');
    here.destroy();
    await ended;
    expect(there?.isFinishedByOther).toBe(true);
  });

  it('ignore what comes for streams that are over', () => {
    const { client } = pair();
    client.receive(Buffer.concat([frameHeader(COMMAND.data, 99, 3), Buffer.from('abc')]));
    expect(client.size).toBe(0);
  });
});

describe('a mux over time', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick'] }));
  afterEach(() => jest.useRealTimers());

  const alone = (
    options: MuxOptions,
  ): { mux: Mux; sent: Buffer[]; heard: string[]; listening: boolean[] } => {
    const [sent, heard, listening] = [[] as Buffer[], [] as string[], [] as boolean[]];
    const hooks = {
      write: (bytes: Buffer) => sent.push(bytes) > 0,
      listen: (on: boolean) => listening.push(on),
      silent: () => heard.push('silent'),
      stuck: (stream: MuxStream) => heard.push(`stuck ${stream.id}`),
    };
    return { mux: new Mux(hooks, options), sent, heard, listening };
  };
  const data = (id: number, bytes: number): Buffer[] =>
    Array.from({ length: Math.ceil(bytes / 32_000) }, () =>
      Buffer.concat([frameHeader(COMMAND.data, id, 32_000), Buffer.alloc(32_000)]),
    );
  const MIB = 1_024 * 1_024;

  it('sends keep-alives where they are wanted, and says when none come for thirty seconds', () => {
    const { mux, sent, heard } = alone({ keepAlive: true });
    for (let round = 0; round < 6; round += 1) {
      jest.advanceTimersByTime(10_000);
      mux.receive(frameHeader(COMMAND.nothing, 0));
    }
    expect(sent.map((frame) => frame.toString('hex'))).toEqual(Array(6).fill('0103000000000000'));
    expect(heard).toEqual([]);
    jest.advanceTimersByTime(60_000);
    expect(heard).toContain('silent');
    mux.close();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('neither sends nor expects them where they are not', () => {
    const { sent, heard } = alone({ keepAlive: false });
    jest.advanceTimersByTime(600_000);
    expect([sent, heard]).toEqual([[], []]);
  });

  it('gives up a stream that nobody reads while others wait, and goes on with them', () => {
    const { mux, heard, listening } = alone({ keepAlive: false, givesUpStuck: true });
    const [stuck, other] = [mux.open(), mux.open()];
    stuck.on('error', () => undefined);
    for (const frame of data(stuck.id, 20 * MIB)) mux.receive(frame);
    // Nothing is held up by five megabytes, nor by twenty.
    expect(listening).toEqual([]);
    other.resume();
    for (const frame of data(other.id, MIB)) mux.receive(frame);
    jest.advanceTimersByTime(4_999);
    expect(heard).toEqual([]);
    jest.advanceTimersByTime(5_002);
    expect(heard).toEqual([`stuck ${stuck.id}`]);
    expect([stuck.destroyed, other.destroyed]).toEqual([true, false]);
    mux.close();
  });

  it('keeps no more than 32 MiB for them, and reads on when the stuck one is gone', () => {
    const { mux, listening } = alone({ keepAlive: false, givesUpStuck: true });
    const stuck = mux.open().on('error', () => undefined);
    mux.open();
    for (const frame of data(stuck.id, 33 * MIB)) mux.receive(frame);
    expect(listening).toEqual([false]);
    jest.advanceTimersByTime(10_001);
    expect(listening).toEqual([false, true]);
    mux.close();
  });

  it('lets a stream wait that is alone, or that is read slowly', async () => {
    const { mux, heard } = alone({ keepAlive: false, givesUpStuck: true });
    const slow = mux.open();
    for (const frame of data(slow.id, 6 * MIB)) mux.receive(frame);
    jest.advanceTimersByTime(60_000);
    expect(heard).toEqual([]);
    mux.open();
    for (let round = 0; round < 6; round += 1) {
      for (const frame of data(slow.id, 6 * MIB)) mux.receive(frame);
      slow.read();
      await new Promise((resolve) => {
        process.nextTick(resolve);
      });
      jest.advanceTimersByTime(5_000);
    }
    expect(heard).toEqual([]);
    mux.close();
  });
});
