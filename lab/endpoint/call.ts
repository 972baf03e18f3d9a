import type { IncomingHttpHeaders } from 'node:http';
import type { AwsCall } from './extension';
import { routeOf, s3RouteOf } from './routes';

/** How a service writes its calls and answers. */
export type Protocol = 'ec2' | 'query' | 'json-1.0' | 'json-1.1' | 'rest-json' | 'rest-xml';

/** The part of a call that is known before its body has arrived. */
export interface CallHead {
  readonly service: string;
  readonly region: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: URL;
  /** Undefined when only the body tells (query services). */
  readonly operation: string | undefined;
  /** Members of the input that stand in path and query. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Region and service of a signature: `Authorization` header or presigned query, SigV4 or SigV4a. */
function scopeOf(headers: Readonly<Record<string, string>>, url: URL): readonly [string, string] | undefined {
  const credential =
    /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1] ?? url.searchParams.get('X-Amz-Credential');
  const parts = credential?.split('/');
  if (parts === undefined) return undefined;
  const service = parts.at(-2);
  if (service === undefined) return undefined;
  // A SigV4a scope has no region: key/date/service/aws4_request.
  return [parts.length >= 5 ? (parts.at(-3) ?? 'us-east-1') : 'us-east-1', service];
}

const flatten = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(',') : value]],
    ),
  );

/** Service of a call that carries no signature: STS calls with a token, otherwise public S3. */
function unsignedService(url: URL, headers: Readonly<Record<string, string>>): string {
  const form = (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return form || url.searchParams.has('Action') ? 'sts' : 's3';
}

/** Reads what method, path and headers tell. */
export function readHead(method: string, path: string, incoming: IncomingHttpHeaders): CallHead {
  const headers = flatten(incoming);
  const url = new URL(path, 'http://lab.invalid');
  const [region, service] = scopeOf(headers, url) ?? ['us-east-1', unsignedService(url, headers)];
  const head = { service, region, method, path, headers, url };
  const target = headers['x-amz-target'];
  if (target !== undefined) return { ...head, operation: target.split('.').at(-1), labels: {} };
  const rpc = /^\/service\/[^/]+\/operation\/(\w+)$/.exec(url.pathname)?.[1];
  if (rpc !== undefined) return { ...head, operation: rpc, labels: {} };
  const query = Object.fromEntries(url.searchParams);
  const routed =
    service === 's3'
      ? s3RouteOf(method, url, 'x-amz-copy-source' in headers)
      : routeOf(service, method, url.pathname);
  return { ...head, operation: routed?.operation ?? query.Action, labels: { ...query, ...routed?.labels } };
}

/** Which protocol a call speaks. */
export function protocolOf(call: Pick<AwsCall, 'service' | 'headers' | 'path'>): Protocol {
  if (call.service === 'ec2') return 'ec2';
  if (call.service === 's3') return 'rest-xml';
  const type = call.headers['content-type'] ?? '';
  if (type.startsWith('application/x-www-form-urlencoded') || /[?&]Action=/.test(call.path)) return 'query';
  if (call.headers['x-amz-target'] === undefined) return 'rest-json';
  return type.includes('json-1.0') ? 'json-1.0' : 'json-1.1';
}

/** Lambda payloads are the caller's own: they are not members of the input. */
const PAYLOADS = ['Invoke', 'InvokeAsync', 'InvokeWithResponseStream'];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  const parsed: unknown = JSON.parse(body.toString());
  return isObject(parsed) ? parsed : {};
}

/** Joins head and body to the call that interceptors see. */
export function readCall(head: CallHead, body: Buffer): AwsCall {
  const { service, region, method, path, headers, labels } = head;
  const common = { service, region, method, path, headers, body };
  switch (protocolOf(common)) {
    case 'ec2':
    case 'query': {
      const input = { ...labels, ...Object.fromEntries(new URLSearchParams(body.toString())) };
      return { ...common, operation: head.operation ?? input.Action ?? 'Unknown', input };
    }
    case 'rest-xml':
      return { ...common, operation: head.operation ?? 'Unknown', input: labels };
    default: {
      const operation = head.operation ?? `${method} ${head.url.pathname}`;
      const hasJson = !PAYLOADS.includes(operation) && !(headers['content-type'] ?? '').includes('cbor');
      return { ...common, operation, input: { ...(hasJson ? parseJson(body) : {}), ...labels } };
    }
  }
}

/** The same call with another input, for query and JSON services: what an interceptor forwards after a change. */
export function withInput(call: AwsCall, input: Readonly<Record<string, unknown>>): AwsCall {
  const protocol = protocolOf(call);
  if (protocol === 'rest-xml') throw new Error('The input of an S3 call stands in its path and headers.');
  const form = (): string =>
    new URLSearchParams(
      Object.fromEntries(Object.entries(input).map(([name, value]) => [name, String(value)])),
    ).toString();
  const text = protocol === 'ec2' || protocol === 'query' ? form() : JSON.stringify(input);
  return { ...call, input, body: Buffer.from(text) };
}

/**
 * Values of a flat list in a query input: `listOf(input, 'InstanceId')` reads `InstanceId.1`, `InstanceId.2`, … and also
 * `InstanceId.member.1`, in the order of their numbers.
 */
export function listOf(input: Readonly<Record<string, unknown>>, name: string): string[] {
  const numbered = Object.entries(input).flatMap(([key, value]) => {
    const found = key.startsWith(`${name}.`) ? /^(?:member\.)?(\d+)$/.exec(key.slice(name.length + 1)) : null;
    return found === null ? [] : [{ index: Number(found[1]), value: String(value) }];
  });
  return numbered.sort((one, other) => one.index - other.index).map(({ value }) => value);
}

/**
 * Structures of a flat list: `structuresOf(input, 'Filter')` turns `Filter.1.Name`, `Filter.1.Value.1` into
 * `[{ Name: …, 'Value.1': … }]`.
 */
export function structuresOf(
  input: Readonly<Record<string, unknown>>,
  name: string,
): Record<string, string>[] {
  const found = new Map<number, Record<string, string>>();
  for (const [key, value] of Object.entries(input)) {
    const rest = key.startsWith(`${name}.`)
      ? /^(?:member\.)?(\d+)\.(.+)$/.exec(key.slice(name.length + 1))
      : null;
    if (rest === null) continue;
    const index = Number(rest[1]);
    const structure = found.get(index) ?? {};
    structure[rest[2] ?? ''] = String(value);
    found.set(index, structure);
  }
  return [...found.entries()].sort(([one], [other]) => one - other).map(([, structure]) => structure);
}
