import fc from 'fast-check';
import { Inbox } from '../../../cli/session/reliable/inbox';
import { Outbox } from '../../../cli/session/reliable/outbox';
import { RoundTrips } from '../../../cli/session/reliable/round-trips';
import { SendWindow } from '../../../cli/session/reliable/window';
import { MESSAGE_TYPE, newMessageId, type Message } from '../../../cli/session/wire/message';

describe('the time to wait for an acknowledgement', () => {
  it('begins at 200 ms', () => {
    expect(new RoundTrips().timeoutMs).toBe(200);
  });

  it('follows round trips, from 100 ms up to a second', () => {
    const trips = new RoundTrips();
    for (let count = 0; count < 100; count += 1) trips.add(1);
    expect(trips.timeoutMs).toBe(100);
    for (let count = 0; count < 100; count += 1) trips.add(300);
    expect(trips.timeoutMs).toBeGreaterThan(300);
    expect(trips.timeoutMs).toBeLessThan(400);
    for (let count = 0; count < 100; count += 1) trips.add(9_000);
    expect(trips.timeoutMs).toBe(1_000);
  });
});

describe('the window', () => {
  const acknowledge = (window: SendWindow, count: number, roundTripMs: number, from = 0): void => {
    for (let at = 0; at < count; at += 1) window.onAcknowledged(roundTripMs, from + at);
  };

  it('doubles per round trip while the line is not full, up to what the other end can keep', () => {
    const window = new SendWindow();
    acknowledge(window, 64, 20);
    expect(window.messages).toBe(128);
    acknowledge(window, 20_000, 20);
    expect(window.messages).toBe(4_096);
  });

  it('shrinks when messages wait in a queue, and then grows slowly', () => {
    const window = new SendWindow();
    acknowledge(window, 1_000, 20);
    const before = window.messages;
    window.onAcknowledged(320, 5_000);
    const after = window.messages;
    expect(after).toBeLessThan(before * 0.6);
    acknowledge(window, after, 20, 6_000);
    expect(window.messages - after).toBeLessThanOrEqual(16);
    expect(window.messages).toBeGreaterThan(after);
  });

  it('halves on a loss, once per timeout, and never closes', () => {
    const window = new SendWindow();
    window.onLoss(1_000, 200);
    window.onLoss(1_001, 200);
    expect(window.messages).toBe(32);
    for (let at = 2; at < 50; at += 1) window.onLoss(at * 1_000, 200);
    expect(window.messages).toBe(32);
  });
});

describe('the outbox', () => {
  it('cuts the stream anew and keeps everything else whole and in place', () => {
    const outbox = new Outbox(4);
    outbox.push({ payloadType: 1, bytes: Buffer.from('ab') });
    outbox.push({ payloadType: 1, bytes: Buffer.from('cdefgh') });
    outbox.push({ payloadType: 10, bytes: Buffer.from('FLAGFLAG') });
    outbox.push({ payloadType: 1, bytes: Buffer.from('i') });
    const out: string[] = [];
    for (let next = outbox.shift(); next !== undefined; next = outbox.shift())
      out.push(`${next.payloadType}:${next.bytes.toString()}`);
    expect(out).toEqual(['1:abcd', '1:efgh', '10:FLAGFLAG', '1:i']);
    expect(outbox.waitingBytes).toBe(0);
  });

  it('loses nothing, whatever the pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 600 }), (pieces) => {
        const outbox = new Outbox(16);
        for (const piece of pieces) outbox.push({ payloadType: 1, bytes: Buffer.from(piece) });
        const out: Buffer[] = [];
        for (let next = outbox.shift(); next !== undefined; next = outbox.shift()) out.push(next.bytes);
        expect(Buffer.concat(out).equals(Buffer.concat(pieces))).toBe(true);
        expect(out.slice(0, -1).every((bytes) => bytes.length === 16)).toBe(true);
      }),
    );
  });
});

const numbered = (sequence: number): Message => ({
  type: MESSAGE_TYPE.output,
  sequence,
  flags: 0,
  id: newMessageId(),
  payloadType: 1,
  payload: Buffer.from(`${sequence};`),
});

describe('the inbox', () => {
  it('delivers in order, each once, and acknowledges every copy', () => {
    const delivered: string[] = [];
    const acknowledged: number[] = [];
    const inbox = new Inbox({
      deliver: (_type, payload) => delivered.push(payload.toString()) > 0,
      acknowledge: ({ sequence }) => acknowledged.push(sequence),
    });
    for (const sequence of [2, 0, 0, 2, 1, 1, 3]) inbox.accept(numbered(sequence));
    expect(delivered.join('')).toBe('0;1;2;3;');
    expect(acknowledged).toEqual([2, 0, 0, 2, 1, 1, 3]);
  });

  it('does not acknowledge what nobody takes yet, so that it comes again', () => {
    let ready = false;
    const delivered: string[] = [];
    const acknowledged: number[] = [];
    const inbox = new Inbox({
      deliver: (_type, payload) => ready && delivered.push(payload.toString()) > 0,
      acknowledge: ({ sequence }) => acknowledged.push(sequence),
    });
    inbox.accept(numbered(0));
    inbox.accept(numbered(1));
    expect([delivered, acknowledged]).toEqual([[], [1]]);
    ready = true;
    inbox.accept(numbered(0));
    expect([delivered, acknowledged]).toEqual([
      ['0;', '1;'],
      [1, 0],
    ]);
  });

  it('keeps at most 10,000 messages ahead of order and does not acknowledge the rest', () => {
    let acknowledged = 0;
    const inbox = new Inbox({ deliver: () => true, acknowledge: () => (acknowledged += 1) });
    for (let sequence = 1; sequence <= 10_050; sequence += 1) inbox.accept(numbered(sequence));
    expect(acknowledged).toBe(10_000);
  });
});
