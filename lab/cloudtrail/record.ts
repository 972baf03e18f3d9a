import { randomUUID } from 'node:crypto';
import { readAnswer } from '../ec2/reservations';
import { protocolOf } from '../endpoint/call';
import type { AwsCall, AwsReply } from '../endpoint/extension';
import type { UserIdentity } from './identity';

type Json = Readonly<Record<string, unknown>>;

/**
 * One event as CloudTrail records it.
 * Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export interface TrailRecord {
  readonly eventVersion: string;
  readonly userIdentity: UserIdentity;
  /** Whole seconds, UTC. */
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: Json | null;
  readonly responseElements: Json | null;
  readonly requestID: string;
  readonly eventID: string;
  readonly readOnly: boolean;
  readonly eventType: 'AwsApiCall';
  readonly managementEvent: true;
  readonly recipientAccountId: string;
  readonly eventCategory: 'Management';
}

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const HIDDEN = 'Value hidden due to security reasons.';
/** Members whose values CloudTrail does not record. */
const SECRETS =
  /^(tokenValue|password|masterUserPassword|secretString|secretAccessKey|sessionToken|userData)$/;

/** Names as CloudTrail writes them, values of secrets hidden. */
function recorded(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(recorded);
  if (!isJson(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([name, one]) => {
        const written = lowerFirst(name);
        return [written, SECRETS.test(written) ? HIDDEN : recorded(one)];
      }),
  );
}

/** `Filter.1.Value.2` and the like as lists within structures; lists are `{ items: […] }` as in EC2's events. */
function nested(flat: Json): Json {
  const tree: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(flat)) {
    const parts = path.split('.');
    let at = tree;
    for (const part of parts.slice(0, -1)) at = (at[part] ??= {}) as Record<string, unknown>;
    at[parts.at(-1) ?? ''] = value;
  }
  const fold = (value: unknown): unknown => {
    if (!isJson(value)) return value;
    const entries = Object.entries(value);
    if (entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name)))
      return { items: entries.map(([, one]) => fold(one)) };
    return Object.fromEntries(entries.map(([name, one]) => [name, fold(one)]));
  };
  return fold(tree) as Json;
}

/** What the caller gave; the operation's name and the API's version are the protocol's. */
const withoutProtocol = (input: Json): Json =>
  Object.fromEntries(Object.entries(input).filter(([name]) => name !== 'Action' && name !== 'Version'));

/** EC2 names lists in its events after its answers. */
const EC2_LISTS: Readonly<Record<string, string>> = {
  Filter: 'filterSet',
  InstanceId: 'instancesSet',
  TagSpecification: 'tagSpecificationSet',
};

function ec2Parameters({ operation, input }: AwsCall): Json {
  const entries = Object.entries(withoutProtocol(nested(input))).map(([name, value]) => {
    const items = isJson(value) && Array.isArray(value.items) ? (value.items as unknown[]) : undefined;
    if (name === 'InstanceId' && items !== undefined)
      return ['instancesSet', { items: items.map((instanceId) => ({ instanceId })) }] as const;
    return [EC2_LISTS[name] ?? name, value] as const;
  });
  const parameters = Object.fromEntries(entries);
  // What is launched stands in a list too.
  if (operation !== 'RunInstances') return parameters;
  const { ImageId, MinCount, MaxCount, ...others } = parameters;
  return { instancesSet: { items: [{ ImageId, MinCount, MaxCount }] }, ...others };
}

function parametersOf(call: AwsCall): Json | null {
  const { service, operation, input } = call;
  if (service === 'ec2-instance-connect' && operation === 'SendSSHPublicKey') {
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-with-cloudtrail.html
    const { InstanceId, InstanceOSUser, SSHPublicKey } = input;
    return { instanceId: InstanceId, osUser: InstanceOSUser, SSHKey: { publicKey: SSHPublicKey } };
  }
  if (service === 'ec2') return recorded(ec2Parameters(call)) as Json;
  const rest = withoutProtocol(protocolOf(call) === 'query' ? nested(input) : input);
  return Object.keys(rest).length === 0 ? null : (recorded(rest) as Json);
}

/** `{ item: […] }` of an answer becomes `{ items: […] }`. */
function withItems(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withItems);
  if (!isJson(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name === 'item' ? 'items' : name, withItems(one)]),
  );
}

function elementsOf(call: AwsCall, reply: AwsReply): Json | null {
  if (call.service === 'ec2-instance-connect') return null;
  const protocol = protocolOf(call);
  if (protocol === 'ec2') return recorded(withItems(readAnswer(reply).content)) as Json;
  if (protocol !== 'json-1.0' && protocol !== 'json-1.1') return null;
  const parsed: unknown = reply.body.length === 0 ? {} : JSON.parse(reply.body.toString());
  return isJson(parsed) && Object.keys(parsed).length > 0 ? (recorded(parsed) as Json) : null;
}

/** Code and message of a refusal, in CloudTrail's words. */
function errorOf(call: AwsCall, reply: AwsReply): Pick<TrailRecord, 'errorCode' | 'errorMessage'> {
  if (reply.status < 400) return {};
  const text = reply.body.toString();
  if (protocolOf(call) === 'ec2' || protocolOf(call) === 'query' || protocolOf(call) === 'rest-xml') {
    const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? '';
    const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? '';
    return { errorCode: call.service === 'ec2' ? `Client.${code}` : code, errorMessage: message };
  }
  const json: unknown = text.startsWith('{') ? JSON.parse(text) : {};
  const { __type: type, message } = isJson(json) ? json : {};
  const code = typeof type === 'string' ? type : (reply.headers['x-amzn-errortype'] ?? '');
  // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html (errorCode)
  const errorCode = (code.split('#').at(-1) ?? '').replace(/^AccessDeniedException$/, 'AccessDenied');
  return { errorCode, errorMessage: typeof message === 'string' ? message : '' };
}

/** Operations that change nothing. */
const READS = /^(Describe|Get|List|Lookup|Head|Search|Scan|Query|BatchGet|Check|Test|Validate|View)/;

/** One call and its answer as an event. */
export function recordOf(
  call: AwsCall,
  reply: AwsReply,
  userIdentity: UserIdentity,
  circumstances: { readonly sourceIPAddress: string; readonly at: Date },
): TrailRecord {
  const readOnly = READS.test(call.operation);
  return {
    eventVersion: '1.11',
    userIdentity,
    eventTime: circumstances.at.toISOString().replace(/\.\d+Z$/, 'Z'),
    eventSource: `${call.service}.amazonaws.com`,
    eventName: call.operation,
    awsRegion: call.region,
    sourceIPAddress: circumstances.sourceIPAddress,
    userAgent: call.headers['user-agent'] ?? '',
    ...errorOf(call, reply),
    requestParameters: parametersOf(call),
    responseElements: readOnly || reply.status >= 400 ? null : elementsOf(call, reply),
    requestID: reply.headers['x-amzn-requestid'] ?? randomUUID(),
    eventID: randomUUID(),
    readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: userIdentity.accountId,
    eventCategory: 'Management',
  };
}
