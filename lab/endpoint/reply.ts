import { randomUUID } from 'node:crypto';
import { protocolOf } from './call';
import type { AwsCall, AwsReply } from './extension';
import type { AwsFault } from './fault';
import { toXml, type XmlValue } from './xml';

/** XML namespaces of the query services; clients do not check them, but real answers carry them. */
const NAMESPACES: Readonly<Record<string, string>> = {
  autoscaling: 'http://autoscaling.amazonaws.com/doc/2011-01-01/',
  cloudformation: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  ec2: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  rds: 'http://rds.amazonaws.com/doc/2014-10-31/',
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
};

const namespaceOf = (call: AwsCall): string =>
  NAMESPACES[call.service] ?? `http://${call.service}.amazonaws.com/`;

const reply = (status: number, type: string, body: string | Buffer): AwsReply => {
  const bytes = Buffer.from(body);
  return {
    status,
    headers: {
      'content-type': type,
      'content-length': String(bytes.length),
      'x-amzn-requestid': randomUUID(),
    },
    body: bytes,
  };
};

const xml = (status: number, body: string): AwsReply =>
  reply(status, 'text/xml;charset=utf-8', `<?xml version="1.0" encoding="UTF-8"?>\n${body}`);

/** Answer of a query service (RDS, IAM, CloudFormation, Auto Scaling, …); lists are `<member>`s unless an XmlList. */
export function queryReply(call: AwsCall, result: XmlValue = {}): AwsReply {
  const name = call.operation;
  return xml(
    200,
    `<${name}Response xmlns="${namespaceOf(call)}"><${name}Result>${toXml(result, 'member')}</${name}Result>` +
      `<ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></${name}Response>`,
  );
}

/** Answer of EC2; lists are `<item>`s, element names are EC2's (`instancesSet`, `instanceId`, …). */
export function ec2Reply(call: AwsCall, result: XmlValue = {}): AwsReply {
  const name = call.operation;
  return xml(
    200,
    `<${name}Response xmlns="${namespaceOf(call)}"><requestId>${randomUUID()}</requestId>` +
      `${toXml(result, 'item')}</${name}Response>`,
  );
}

/** Answer of a JSON 1.0, JSON 1.1 or REST-JSON service: the content type is the call's own. */
export function jsonReply(call: AwsCall, result: unknown = {}, status = 200): AwsReply {
  const protocol = protocolOf(call);
  const type = protocol === 'rest-json' ? 'application/json' : `application/x-amz-${protocol}`;
  return reply(status, type, JSON.stringify(result));
}

/** Any bytes, with any further headers: payloads of Lambda, objects of S3. */
export function rawReply(
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): AwsReply {
  const plain = reply(status, 'application/octet-stream', body);
  return { ...plain, headers: { ...plain.headers, ...headers } };
}

/** An error as the protocol of the call has it. */
export function errorReply(call: AwsCall, fault: Pick<AwsFault, 'code' | 'message' | 'status'>): AwsReply {
  const { code, message, status } = fault;
  const id = randomUUID();
  switch (protocolOf(call)) {
    case 'ec2': {
      const errors = toXml({ Errors: { Error: { Code: code, Message: message } } }, 'item');
      return xml(status, `<Response>${errors}<RequestID>${id}</RequestID></Response>`);
    }
    case 'query': {
      const error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message };
      const body = toXml({ Error: error, RequestId: id }, 'member');
      return xml(status, `<ErrorResponse xmlns="${namespaceOf(call)}">${body}</ErrorResponse>`);
    }
    case 'rest-xml':
      return xml(
        status,
        `<Error>${toXml({ Code: code, Message: message, RequestId: id }, 'member')}</Error>`,
      );
    default: {
      const body = jsonReply(call, { __type: code, message, Message: message }, status);
      return { ...body, headers: { ...body.headers, 'x-amzn-errortype': code } };
    }
  }
}
