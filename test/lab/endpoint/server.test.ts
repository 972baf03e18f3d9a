import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { withInput } from '../../../lab/endpoint/call';
import { AwsFault } from '../../../lab/endpoint/fault';
import { jsonReply } from '../../../lab/endpoint/reply';
import { startEndpoint, type Endpoint } from '../../../lab/endpoint/server';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let emulator: Server;
let endpoint: Endpoint;
let seen: Seen[] = [];
const logged: string[] = [];

const authorization = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=testing/20261122/eu-west-1/${service}/aws4_request, Signature=x`;

function send(
  service: string,
  {
    method = 'POST',
    path = '/',
    body = '',
    headers = {},
  }: { method?: string; path?: string; body?: string | Buffer[]; headers?: Record<string, string> },
): Promise<{ status: number; body: string; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      endpoint.url + path,
      { method, headers: { authorization: authorization(service), ...headers } },
      (answer) => {
        const chunks: Buffer[] = [];
        answer
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('end', () => {
            resolve({
              status: answer.statusCode ?? 0,
              body: Buffer.concat(chunks).toString(),
              headers: answer.headers,
            });
          });
      },
    );
    sent.once('error', reject);
    for (const part of typeof body === 'string' ? [body] : body) sent.write(part);
    sent.end();
  });
}

beforeAll(async () => {
  emulator = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const { method = '', url = '', headers } = incoming;
        if (headers['x-amz-target'] === 'AmazonSSM.Unheard') {
          outgoing.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html>');
          return;
        }
        seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
        outgoing
          .writeHead(201, { etag: '"e"', 'x-from': 'emulator' })
          .end(method === 'HEAD' ? undefined : `got ${Buffer.concat(chunks).length}`);
      });
  });
  await new Promise<void>((resolve) => emulator.listen(0, '127.0.0.1', resolve));
  const { port } = emulator.address() as AddressInfo;
  endpoint = await startEndpoint({ emulator: `http://127.0.0.1:${port}`, log: (line) => logged.push(line) });
  endpoint.add({
    service: 'ssm',
    operations: {
      GetParameter: (call) => Promise.resolve(jsonReply(call, { mine: call.input.Name })),
      PutParameter: (call, forward) =>
        forward(withInput(call, { ...call.input, Name: 'longer than before' })),
      DeleteParameter: () => Promise.reject(new AwsFault('ParameterNotFound', 'gone')),
      LabelParameterVersion: () => Promise.reject(new Error('a defect')),
    },
  });
});

beforeEach(() => {
  seen = [];
});

afterAll(async () => {
  await endpoint.stop();
  await new Promise((resolve) => emulator.close(resolve));
});

const ssm = (operation: string): ReturnType<typeof send> =>
  send('ssm', {
    body: '{"Name":"n"}',
    headers: { 'x-amz-target': `AmazonSSM.${operation}`, 'content-type': 'application/x-amz-json-1.1' },
  });

describe('the endpoint', () => {
  it('passes on what nobody intercepts, and its answer back', async () => {
    const answer = await ssm('DescribeParameters');
    expect(answer).toMatchObject({ status: 201, body: 'got 12', headers: { 'x-from': 'emulator' } });
    expect(seen[0]).toMatchObject({ body: '{"Name":"n"}', headers: { authorization: authorization('ssm') } });
  });

  it('lets an interceptor answer, or change what goes on', async () => {
    expect(await ssm('GetParameter')).toMatchObject({ status: 200, body: '{"mine":"n"}' });
    expect(seen).toHaveLength(0);
    await ssm('PutParameter');
    expect(seen[0]?.body).toBe('{"Name":"longer than before"}');
  });

  it('tells faults in the words of the API, and defects as failures of the lab, with a line in the log', async () => {
    const fault = await ssm('DeleteParameter');
    expect(fault.status).toBe(400);
    expect(JSON.parse(fault.body)).toMatchObject({ __type: 'ParameterNotFound', message: 'gone' });
    const defect = await ssm('LabelParameterVersion');
    expect(defect.status).toBe(500);
    expect(defect.body).toContain('a defect');
    expect(logged.join('\n')).toContain('ssm.LabelParameterVersion failed in the lab');
  });

  it('says in the words of the API what the emulator has no idea of', async () => {
    const answer = await ssm('Unheard');
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({
      __type: 'UnknownOperation',
      message: 'The lab has no ssm.Unheard.',
    });
  });

  it('streams S3 bodies through untouched, whatever their framing', async () => {
    const parts = [Buffer.alloc(70_000, 'a'), Buffer.alloc(70_000, 'b')];
    const headers = {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '139990',
      expect: '100-continue',
    };
    const answer = await send('s3', { method: 'PUT', path: '/b/k%20x?x-id=PutObject', body: parts, headers });
    expect(answer).toMatchObject({ status: 201, body: 'got 140000' });
    expect(seen[0]).toMatchObject({
      url: '/b/k%20x?x-id=PutObject',
      headers: { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '139990' },
    });
    expect(seen[0]?.headers).not.toHaveProperty('expect');
  });

  it('answers HEAD without a body', async () => {
    const answer = await send('s3', { method: 'HEAD', path: '/b/k' });
    expect(answer).toMatchObject({ status: 201, body: '', headers: { etag: '"e"' } });
  });

  it('refuses a second interceptor of one operation', () => {
    const second = { service: 'ssm', operations: { GetParameter: () => Promise.reject(new Error('never')) } };
    expect(() => {
      endpoint.add(second);
    }).toThrow('Two extensions of the lab intercept ssm.GetParameter');
  });
});
