import { listOf, protocolOf, readCall, readHead, structuresOf, withInput } from '../../../lab/endpoint/call';
import type { AwsCall } from '../../../lab/endpoint/extension';
import { ec2Reply, errorReply, jsonReply, queryReply } from '../../../lab/endpoint/reply';
import { XmlList } from '../../../lab/endpoint/xml';

const signed = (service: string, more: Record<string, string> = {}): Record<string, string> => ({
  authorization: `AWS4-HMAC-SHA256 Credential=testing/20261122/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=x`,
  ...more,
});
const call = (method: string, path: string, headers: Record<string, string>, body = ''): AwsCall =>
  readCall(readHead(method, path, headers), Buffer.from(body));
const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

const ec2 = call(
  'POST',
  '/',
  signed('ec2', form),
  'Action=TerminateInstances&InstanceId.1=i-1&InstanceId.2=i-2',
);
const rds = call('POST', '/', signed('rds', form), 'Action=CreateDBInstance&DBName=app&Tags.Tag.1.Key=a');
const ssm = call(
  'POST',
  '/',
  signed('ssm', { 'x-amz-target': 'AmazonSSM.SendCommand', 'content-type': 'application/x-amz-json-1.1' }),
  '{"DocumentName":"d"}',
);
const invoke = call(
  'POST',
  '/2015-03-31/functions/my%3Afn/invocations?Qualifier=1',
  signed('lambda'),
  '{"a":1}',
);

describe('reading calls', () => {
  it('tells service, region, operation and input of each protocol', () => {
    expect(ec2).toMatchObject({ service: 'ec2', region: 'eu-west-1', operation: 'TerminateInstances' });
    expect(rds).toMatchObject({ service: 'rds', operation: 'CreateDBInstance', input: { DBName: 'app' } });
    expect(ssm).toMatchObject({ service: 'ssm', operation: 'SendCommand', input: { DocumentName: 'd' } });
    expect(invoke).toMatchObject({
      service: 'lambda',
      operation: 'Invoke',
      input: { FunctionName: 'my:fn', Qualifier: '1' },
    });
    expect([ec2, rds, ssm, invoke].map(protocolOf)).toEqual(['ec2', 'query', 'json-1.1', 'rest-json']);
  });

  it('does not mix the payload of an invocation into its input', () => {
    expect(invoke.input).not.toHaveProperty('a');
    expect(invoke.body.toString()).toBe('{"a":1}');
  });

  it.each([
    ['PUT', '/b/k/x.txt?x-id=PutObject', {}, 'PutObject', { Bucket: 'b', Key: 'k/x.txt' }],
    ['PUT', '/b/k?partNumber=1&uploadId=u', {}, 'UploadPart', { Bucket: 'b', Key: 'k' }],
    ['PUT', '/b/k', { 'x-amz-copy-source': '/o/k' }, 'CopyObject', { Bucket: 'b', Key: 'k' }],
    ['POST', '/b/k?uploads', {}, 'CreateMultipartUpload', { Bucket: 'b' }],
    ['POST', '/b/k?uploadId=u', {}, 'CompleteMultipartUpload', { uploadId: 'u' }],
    ['GET', '/b?policy', {}, 'GetBucketPolicy', { Bucket: 'b' }],
    ['GET', '/b/?list-type=2&prefix=p', {}, 'ListObjectsV2', { Bucket: 'b', prefix: 'p' }],
    ['GET', '/', {}, 'ListBuckets', {}],
  ])('knows the S3 operation of %s %s', (method, path, headers, operation, input) => {
    expect(call(method, path, signed('s3', headers))).toMatchObject({ operation, input });
  });

  it('reads the scope of a presigned address, and of none at all', () => {
    const presigned = '/b/k?X-Amz-Credential=testing%2F20261122%2Feu-west-1%2Fs3%2Faws4_request';
    expect(call('GET', presigned, {})).toMatchObject({
      service: 's3',
      region: 'eu-west-1',
      operation: 'GetObject',
    });
    expect(call('GET', '/b/k', {})).toMatchObject({ service: 's3', operation: 'GetObject' });
    const token = call('POST', '/', form, 'Action=AssumeRoleWithWebIdentity');
    expect(token).toMatchObject({ service: 'sts', operation: 'AssumeRoleWithWebIdentity' });
  });

  it('reads numbered lists in the order of their numbers', () => {
    const input = {
      'A.10': 'j',
      'A.2': 'b',
      'A.member.1': 'a',
      'Ab.1': 'no',
      'F.1.Name': 'n',
      'F.1.Value.1': 'v',
    };
    expect(listOf(input, 'A')).toEqual(['a', 'b', 'j']);
    expect(structuresOf(input, 'F')).toEqual([{ Name: 'n', 'Value.1': 'v' }]);
  });

  it('writes a changed input back into the body', () => {
    expect(withInput(ec2, { ...ec2.input, 'InstanceId.1': 'i-9' }).body.toString()).toContain(
      'InstanceId.1=i-9',
    );
    expect(JSON.parse(withInput(ssm, { DocumentName: 'e' }).body.toString())).toEqual({ DocumentName: 'e' });
  });
});

describe('writing replies', () => {
  const text = (reply: { body: Buffer }): string => reply.body.toString();

  it('writes the XML of query services and of EC2', () => {
    expect(text(queryReply(rds, { Ids: ['a', 'b'], X: undefined, L: new XmlList('One', [1]) }))).toMatch(
      /<CreateDBInstanceResult><Ids><member>a<\/member><member>b<\/member><\/Ids><L><One>1<\/One><\/L><\/CreateDBInstanceResult>/,
    );
    expect(text(ec2Reply(ec2, { instancesSet: [{ instanceId: 'i-<1>' }] }))).toContain(
      '<instancesSet><item><instanceId>i-&lt;1&gt;</instanceId></item></instancesSet>',
    );
  });

  it('answers JSON in the version of the call', () => {
    expect(jsonReply(ssm, {}).headers['content-type']).toBe('application/x-amz-json-1.1');
    expect(jsonReply(invoke, {}).headers['content-type']).toBe('application/json');
  });

  it('writes an error as each protocol has it', () => {
    const fault = { code: 'Nope', message: 'No & never', status: 400 };
    expect(text(errorReply(ec2, fault))).toContain(
      '<Errors><Error><Code>Nope</Code><Message>No &amp; never</Message>',
    );
    expect(text(errorReply(rds, fault))).toMatch(/<ErrorResponse .*<Type>Sender<\/Type><Code>Nope<\/Code>/);
    expect(JSON.parse(text(errorReply(ssm, fault)))).toMatchObject({ __type: 'Nope', message: 'No & never' });
    expect(errorReply(invoke, fault).headers['x-amzn-errortype']).toBe('Nope');
  });
});
