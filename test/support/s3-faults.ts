import {
  createServer,
  type IncomingMessage,
  request as send,
  type Server,
  type ServerResponse,
} from 'node:http';
import { addressOf } from './address';

/** A call to S3 as it passes. */
export interface S3Call {
  readonly method: string;
  /** Path with query string. */
  readonly path: string;
  readonly body: Buffer;
}

/** What became of a call, from S3's side. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Sends so many bytes of the body, and then breaks the connection. */
  readonly cutAfter?: number;
}

/** Answers a call in S3's stead, or lets it through (perhaps changed) and answers differently. */
export type Fault = (call: S3Call, forward: (call: S3Call) => Promise<S3Answer>) => Promise<S3Answer>;

/** A proxy before S3 which plays the faults that it is given. */
export interface S3Faults {
  readonly url: string;
  readonly server: Server;
  /** Every call seen: `PUT /bucket/key?…`. */
  readonly seen: string[];
  /** Plays a fault for the calls that match, in turn: the first list entry for the first such call, and so on. */
  inject(match: (call: S3Call) => boolean, faults: readonly Fault[]): void;
  clear(): void;
}

/** An answer with S3's error document. */
export const s3Error = (status: number, code: string): S3Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  ),
});

export const isPart = (call: S3Call): boolean => call.method === 'PUT' && /[?&]partNumber=/.test(call.path);
export const isComplete = (call: S3Call): boolean =>
  call.method === 'POST' && /[?&]uploadId=/.test(call.path);
export const isPutOf =
  (name: string) =>
  (call: S3Call): boolean =>
    call.method === 'PUT' && (call.path.split('?')[0] ?? '').endsWith(name) && !isPart(call);

/** Lets the call through and flips a bit in the middle of the answer. */
export const altered: Fault = async (call, forward) => {
  const answer = await forward(call);
  const body = Buffer.from(answer.body);
  body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
  return { ...answer, body };
};

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function forwardTo(target: string, incoming: IncomingMessage): (call: S3Call) => Promise<S3Answer> {
  return (call) =>
    new Promise((resolve, reject) => {
      const headers = { ...incoming.headers, 'content-length': String(call.body.length) };
      delete headers['transfer-encoding'];
      delete headers.expect;
      const outgoing = send(new URL(call.path, target), { method: call.method, headers }, (answer) => {
        readAll(answer).then((body) => {
          resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body });
        }, reject);
      });
      outgoing.once('error', reject).end(call.body);
    });
}

function reply(response: ServerResponse, answer: S3Answer, method: string): void {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined && !['transfer-encoding', 'connection'].includes(name)) headers[name] = value;
  }
  if (method !== 'HEAD') headers['content-length'] = String(answer.body.length);
  response.writeHead(answer.status, headers);
  if (answer.cutAfter === undefined) response.end(answer.body);
  else response.write(answer.body.subarray(0, answer.cutAfter), () => response.destroy());
}

/** Starts a proxy before the S3 at `target`. */
export async function startS3Faults(target: string): Promise<S3Faults> {
  let rules: { readonly match: (call: S3Call) => boolean; readonly faults: Fault[] }[] = [];
  const seen: string[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = { method: request.method ?? 'GET', path: request.url ?? '/', body: await readAll(request) };
    seen.push(`${call.method} ${call.path}`);
    const forward = forwardTo(target, request);
    const fault = rules.find((rule) => rule.faults.length > 0 && rule.match(call))?.faults.shift();
    reply(response, await (fault === undefined ? forward(call) : fault(call, forward)), call.method);
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  const url = await addressOf(server);
  return {
    url,
    server,
    seen,
    inject: (match, faults) => {
      rules.push({ match, faults: [...faults] });
    },
    clear: () => {
      rules = [];
      seen.length = 0;
    },
  };
}
