import fc from 'fast-check';
import { Link, type LinkHooks, type LinkSocket } from '../../../cli/session/reliable/link';
import {
  MESSAGE_TYPE,
  decodeMessage,
  encodeMessage,
  newMessageId,
  type Message,
} from '../../../cli/session/wire/message';

const numbered = (sequence: number): Message => ({
  type: MESSAGE_TYPE.output,
  sequence,
  flags: 0,
  id: newMessageId(),
  payloadType: 1,
  payload: Buffer.from(`${sequence};`),
});

interface Bench {
  readonly link: Link;
  readonly sent: Message[];
  readonly received: Buffer[];
  readonly problems: string[];
}

function clientLink(hooks: Partial<LinkHooks> = {}): Bench {
  const bench = { sent: [] as Message[], received: [] as Buffer[], problems: [] as string[] };
  const link = new Link({
    sends: MESSAGE_TYPE.input,
    receives: MESSAGE_TYPE.output,
    giveUpMs: 300_000,
    pausedMs: 60_000,
    payload: (_type, payload) => bench.received.push(Buffer.from(payload)) > 0,
    channelClosed: () => undefined,
    drained: () => undefined,
    now: () => Date.now(),
    gaveUp: () => undefined,
    malformed: (problem) => bench.problems.push(problem),
    ...hooks,
  });
  return { link, ...bench };
}

function socketOf({ sent }: Bench): LinkSocket {
  return { isReady: true, send: (frame) => sent.push(decodeMessage(frame)), listen: () => undefined };
}

describe('a link with a peer that misbehaves', () => {
  /** What a hostile or broken peer may do with the frames of a stream. */
  const mischief = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('message' as const), at: fc.nat({ max: 11 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('noise' as const),
          bytes: fc.uint8Array({ maxLength: 300 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('damaged' as const),
          at: fc.nat({ max: 11 }),
          // Type, digest, payload type, length and payload; a changed sequence number makes another, valid message.
          byte: fc.oneof(
            fc.integer({ min: 0, max: 3 }),
            fc.integer({ min: 80, max: 111 }),
            fc.integer({ min: 116, max: 121 }),
          ),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('acknowledge' as const), at: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('service' as const),
          type: fc.constantFrom('pause_publication', 'start_publication', 'nonsense'),
        }),
      },
    ),
    { maxLength: 40 },
  );
  const frames = Array.from({ length: 12 }, (_, sequence) => encodeMessage(numbered(sequence)));
  const other = (type: string, payload: string): Buffer =>
    encodeMessage({
      type,
      sequence: 0,
      flags: 3,
      id: newMessageId(),
      payloadType: 0,
      payload: Buffer.from(payload),
    });

  const play = (bench: Bench, step: typeof mischief extends fc.Arbitrary<(infer S)[]> ? S : never): void => {
    if (step.kind === 'message') bench.link.receive(frames[step.at] ?? Buffer.alloc(0));
    else if (step.kind === 'noise') bench.link.receive(Buffer.from(step.bytes));
    else if (step.kind === 'damaged') {
      const frame = Buffer.from(frames[step.at] ?? Buffer.alloc(0));
      frame.writeUInt8(frame.readUInt8(step.byte) ^ 0x40, step.byte);
      bench.link.receive(frame);
    } else if (step.kind === 'acknowledge')
      bench.link.receive(other('acknowledge', `{"AcknowledgedMessageSequenceNumber":${step.at}}`));
    else bench.link.receive(other(step.type, '{}'));
  };

  it('neither fails nor delivers anything but the stream, in 10,000 cases', () => {
    fc.assert(
      fc.property(mischief, (steps) => {
        const bench = clientLink();
        bench.link.attach(socketOf(bench));
        for (const step of steps) play(bench, step);
        const got = bench.received.map((bytes) => bytes.toString()).join('');
        const whole = frames.map((_, sequence) => `${sequence};`).join('');
        bench.link.close();
        return whole.startsWith(got);
      }),
      { numRuns: 10_000 },
    );
  });

  it('delivers the whole stream when every frame comes at least once', () => {
    fc.assert(
      fc.property(mischief, fc.shuffledSubarray(frames, { minLength: 12 }), (steps, all) => {
        const bench = clientLink();
        bench.link.attach(socketOf(bench));
        for (const step of steps) play(bench, step);
        for (const frame of all) bench.link.receive(frame);
        bench.link.close();
        return bench.received.map((bytes) => bytes.toString()).join('') === '0;1;2;3;4;5;6;7;8;9;10;11;';
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('a link', () => {
  const acknowledge = ({ link }: Bench, sequence: number): void => {
    const payload = Buffer.from(JSON.stringify({ AcknowledgedMessageSequenceNumber: sequence }));
    link.receive(
      encodeMessage({
        type: 'acknowledge',
        sequence: 0,
        flags: 3,
        id: newMessageId(),
        payloadType: 0,
        payload,
      }),
    );
  };
  const service = ({ link }: Bench, type: string): void => {
    link.receive(
      encodeMessage({
        type,
        sequence: 0,
        flags: 0,
        id: newMessageId(),
        payloadType: 0,
        payload: Buffer.alloc(0),
      }),
    );
  };

  beforeEach(() => jest.useFakeTimers({ doNotFake: ['nextTick'] }));
  afterEach(() => jest.useRealTimers());

  it('has no more on its way than the window allows, and keeps the rest', () => {
    const bench = clientLink();
    bench.link.attach(socketOf(bench));
    bench.link.send(1, Buffer.alloc(100 * 1_024));
    expect(bench.sent.length).toBe(64);
    acknowledge(bench, 0);
    expect(bench.sent.length).toBe(66);
    expect(bench.sent.every(({ payload }) => payload.length <= 1_024)).toBe(true);
    bench.link.close();
  });

  it('sends again what was not acknowledged after the timeout, with the same number and id', () => {
    const bench = clientLink();
    bench.link.attach(socketOf(bench));
    bench.link.send(1, Buffer.from('a'));
    bench.link.send(10, Buffer.from('b'));
    acknowledge(bench, 1);
    jest.advanceTimersByTime(1_500);
    const [first, , again] = bench.sent;
    expect(again).toEqual(first);
    expect(bench.sent.filter(({ sequence }) => sequence === 1)).toHaveLength(1);
    bench.link.close();
  });

  it('gives up when nothing was acknowledged for the agreed time', () => {
    const gaveUp = jest.fn();
    const bench = clientLink({ giveUpMs: 300_000, gaveUp });
    bench.link.attach(socketOf(bench));
    bench.link.send(1, Buffer.from('a'));
    jest.advanceTimersByTime(299_000);
    expect(gaveUp).not.toHaveBeenCalled();
    jest.advanceTimersByTime(3_000);
    expect(gaveUp).toHaveBeenCalledTimes(1);
  });

  it('sends nothing while publication is paused, says so, and gives up on that too', () => {
    const gaveUp = jest.fn();
    const paused = jest.fn();
    const bench = clientLink({ pausedMs: 60_000, gaveUp, paused });
    bench.link.attach(socketOf(bench));
    service(bench, 'pause_publication');
    expect(paused.mock.calls).toEqual([[true]]);
    bench.link.send(1, Buffer.from('a'));
    jest.advanceTimersByTime(59_000);
    expect(bench.sent).toHaveLength(0);
    expect(gaveUp).not.toHaveBeenCalled();
    jest.advanceTimersByTime(3_000);
    expect(gaveUp).toHaveBeenCalledTimes(1);
  });

  it('is not narrowed for ever by messages that the other end never acknowledges', () => {
    const bench = clientLink();
    bench.link.attach(socketOf(bench));
    bench.link.send(1, Buffer.alloc(200 * 1_024));
    for (let passed = 0; passed < 60; passed += 1) {
      for (const { sequence } of bench.sent.splice(0)) if (sequence >= 40) acknowledge(bench, sequence);
      jest.advanceTimersByTime(1_100);
    }
    expect(bench.link.isSent).toBe(true);
    bench.link.close();
  });

  it('goes on after a pause when publication starts, or when the other end is heard', () => {
    for (const sign of ['start_publication', 'message'] as const) {
      const bench = clientLink();
      bench.link.attach(socketOf(bench));
      service(bench, 'pause_publication');
      bench.link.send(1, Buffer.from('a'));
      if (sign === 'message') bench.link.receive(encodeMessage(numbered(0)));
      else service(bench, sign);
      expect(bench.sent.some(({ type }) => type === 'input_stream_data')).toBe(true);
      bench.link.close();
    }
  });

  it('sends everything unacknowledged again over the next connection, and nothing else', () => {
    const bench = clientLink();
    bench.link.attach(socketOf(bench));
    for (const text of ['a', 'b', 'c']) bench.link.send(10, Buffer.from(text));
    acknowledge(bench, 1);
    bench.link.detach();
    bench.sent.length = 0;
    bench.link.send(10, Buffer.from('d'));
    expect(bench.sent).toHaveLength(0);
    bench.link.attach(socketOf(bench));
    expect(bench.sent.map(({ sequence, payload }) => `${sequence}${payload.toString()}`)).toEqual([
      '0a',
      '2c',
      '3d',
    ]);
    bench.link.close();
  });

  it('tells when the producer has to wait, and when no more', () => {
    const drained = jest.fn();
    const bench = clientLink({ drained });
    expect(bench.link.send(1, Buffer.alloc(512 * 1_024))).toBe(true);
    expect(bench.link.send(1, Buffer.alloc(1_024))).toBe(false);
    bench.link.attach(socketOf(bench));
    for (let sequence = 0; sequence < 512; sequence += 1) acknowledge(bench, sequence);
    expect(drained).toHaveBeenCalledTimes(1);
    bench.link.close();
  });
});
