import type { UserIdentity } from '../../../lab/cloudtrail/identity';
import { recordOf } from '../../../lab/cloudtrail/record';
import { readCall, readHead } from '../../../lab/endpoint/call';
import type { AwsCall, AwsReply } from '../../../lab/endpoint/extension';
import { AwsFault } from '../../../lab/endpoint/fault';
import { ec2Reply, errorReply, jsonReply } from '../../../lab/endpoint/reply';

const WHO: UserIdentity = {
  type: 'Root',
  principalId: 'x',
  arn: 'arn',
  accountId: '123456789012',
  accessKeyId: 'k',
};
const CIRCUMSTANCES = { sourceIPAddress: '192.0.2.7', at: new Date('2026-11-22T03:04:05.678Z') };

const callOf = (service: string, type: string, target: string | undefined, body: string): AwsCall => {
  const authorization = `AWS4-HMAC-SHA256 Credential=k/20261122/eu-west-1/${service}/aws4_request, Signature=0`;
  const headers = {
    authorization,
    'content-type': type,
    ...(target === undefined ? {} : { 'x-amz-target': target }),
  };
  return readCall(readHead('POST', '/', headers), Buffer.from(body));
};
const ssm = (operation: string, input: object): AwsCall =>
  callOf('ssm', 'application/x-amz-json-1.1', `AmazonSSM.${operation}`, JSON.stringify(input));
const ec2 = (form: Record<string, string>): AwsCall =>
  callOf('ec2', 'application/x-www-form-urlencoded', undefined, new URLSearchParams(form).toString());
const record = (call: AwsCall, reply: AwsReply) => recordOf(call, reply, WHO, CIRCUMSTANCES);

test('a session: what it was to, by which document; its token is hidden', () => {
  const call = ssm('StartSession', { Target: 'i-1', DocumentName: 'd', Parameters: { portNumber: ['22'] } });
  expect(
    record(call, jsonReply(call, { SessionId: 's-1', TokenValue: 'secret', StreamUrl: 'ws://x' })),
  ).toMatchObject({
    eventTime: '2026-11-22T03:04:05Z',
    eventSource: 'ssm.amazonaws.com',
    eventName: 'StartSession',
    awsRegion: 'eu-west-1',
    sourceIPAddress: '192.0.2.7',
    readOnly: false,
    requestParameters: { target: 'i-1', documentName: 'd', parameters: { portNumber: ['22'] } },
    responseElements: {
      sessionId: 's-1',
      tokenValue: 'Value hidden due to security reasons.',
      streamUrl: 'ws://x',
    },
  });
});

test('a launch: tags in the request, instances in the answer', () => {
  const call = ec2({
    Action: 'RunInstances',
    Version: '2016-11-15',
    MinCount: '1',
    MaxCount: '1',
    UserData: 'IyEvYmluL3No',
    'TagSpecification.1.ResourceType': 'instance',
    'TagSpecification.1.Tag.1.Key': 'drawbridge:stack',
    'TagSpecification.1.Tag.1.Value': 'arn:stack',
  });
  const recorded = record(call, ec2Reply(call, { instancesSet: [{ instanceId: 'i-0123456789abcdef0' }] }));
  expect(recorded.requestParameters).toEqual({
    instancesSet: { items: [{ minCount: '1', maxCount: '1' }] },
    tagSpecificationSet: {
      items: [
        { resourceType: 'instance', tag: { items: [{ key: 'drawbridge:stack', value: 'arn:stack' }] } },
      ],
    },
    userData: 'Value hidden due to security reasons.',
  });
  expect(recorded.responseElements).toMatchObject({
    instancesSet: { items: [{ instanceId: 'i-0123456789abcdef0' }] },
  });
});

test.each([
  ['ssm', ssm('StartSession', { Target: 'i-1' }), 'AccessDeniedException', 'AccessDenied'],
  ['ssm', ssm('StartSession', { Target: 'i-1' }), 'TargetNotConnected', 'TargetNotConnected'],
  [
    'ec2',
    ec2({ Action: 'TerminateInstances', 'InstanceId.1': 'i-1' }),
    'UnauthorizedOperation',
    'Client.UnauthorizedOperation',
  ],
])('a refusal of %s has its code and message', (_service, call, code, errorCode) => {
  const recorded = record(call, errorReply(call, new AwsFault(code, 'Not you.')));
  expect(recorded).toMatchObject({ errorCode, errorMessage: 'Not you.', responseElements: null });
  expect(JSON.stringify(recorded.requestParameters)).toContain('i-1');
});

test('what only looks has no response in its event', () => {
  const call = ec2({ Action: 'DescribeInstances', 'InstanceId.1': 'i-1' });
  expect(record(call, ec2Reply(call, { reservationSet: [] }))).toMatchObject({
    readOnly: true,
    requestParameters: { instancesSet: { items: [{ instanceId: 'i-1' }] } },
    responseElements: null,
  });
});
