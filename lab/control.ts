import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { LabContext } from './context';
import type { Endpoint, OwnPath } from './endpoint/server';
import { faultOrder, faultsOf } from './faults';
import { schedulesOf } from './scheduler/schedules';
import { timeOf } from './time';

const timeOrder = z.strictObject({ factor: z.number().min(1).max(100_000) });
const lineOrder = z.strictObject({ cutSeconds: z.number().positive().max(600) });
const clockOrder = z.strictObject({ advanceSeconds: z.number().positive() });

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}

/**
 * What the lab can do that AWS cannot, for tests in another process:
 *
 * - `PUT /lab/faults` with a {@link faultOrder}: the next calls of an operation fail;
 * - `PUT /lab/time` with `{ "factor": 60 }`: what state machines wait for passes that much faster;
 * - `PUT /lab/line` with `{ "cutSeconds": 3 }`: every connection is reset, and every new one for so long, as if AWS were dead;
 *   what had been asked may be done all the same;
 * - `PUT /lab/clock` with `{ "advanceSeconds": 60 }`: the clock of the schedules, of one-minute keys and of CloudTrail goes
 *   forward.
 */
export function labControl(context: LabContext, endpoint: Pick<Endpoint, 'cut'>): OwnPath {
  const orders: Readonly<Record<string, (order: unknown) => Promise<void> | void>> = {
    '/lab/faults': (order) => {
      faultsOf(context).inject(faultOrder.parse(order));
    },
    '/lab/time': (order) => {
      timeOf(context).pass(timeOrder.parse(order).factor);
    },
    '/lab/line': (order) => {
      const { cutSeconds } = lineOrder.parse(order);
      // Whoever orders it is answered first.
      setTimeout(() => {
        endpoint.cut(cutSeconds * 1000);
      }, 100);
    },
    '/lab/clock': (order) => schedulesOf(context).advance(clockOrder.parse(order).advanceSeconds),
  };
  return async (request, response) => {
    const act = request.method === 'PUT' ? orders[request.url ?? ''] : undefined;
    if (act === undefined) return false;
    try {
      await act(await readJson(request));
      response.writeHead(204).end();
    } catch (error) {
      response.writeHead(400).end(`The order was refused: ${String(error)}\n`);
    }
    return true;
  };
}
