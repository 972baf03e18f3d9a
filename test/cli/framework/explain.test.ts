import { explain } from '../../../cli/framework/explain';
import { EXIT } from '../../../contract/exit-codes';

const named = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

const nobody = { profile: undefined };

test.each([
  [
    'expired token',
    named('ExpiredTokenException', 'expired'),
    EXIT.notConfigured,
    'have expired',
    'aws sso login',
  ],
  [
    'expired single sign-on',
    named('CredentialsProviderError', 'The SSO session associated with this profile has expired'),
    EXIT.notConfigured,
    'sign-in has expired',
    'aws sso login',
  ],
  [
    'no credentials',
    named('CredentialsProviderError', 'Could not load credentials from any providers'),
    EXIT.notConfigured,
    'No AWS credentials were found',
    'AWS_PROFILE',
  ],
  [
    'unknown key',
    named('UnrecognizedClientException', 'The security token included in the request is invalid'),
    EXIT.notConfigured,
    'does not accept',
    '--profile',
  ],
  [
    'wrong clock',
    named(
      'InvalidSignatureException',
      'Signature expired: 20261122T000000Z is now earlier than 20261122T010000Z',
    ),
    EXIT.notConfigured,
    'clock of this machine is wrong',
    'Set the clock',
  ],
  [
    'refused by IAM',
    named(
      'AccessDeniedException',
      'User: arn:aws:iam::1:user/eva is not authorized to perform: ssm:StartSession on resource: arn:aws:ec2:x:1:instance/i-1 because no identity-based policy allows the ssm:StartSession action',
    ),
    EXIT.notAllowed,
    'ssm:StartSession on arn:aws:ec2:x:1:instance/i-1.',
    'drawbridge policy operator',
  ],
  [
    'refused by EC2',
    named('UnauthorizedOperation', 'You are not authorized to perform this operation.'),
    EXIT.notAllowed,
    'You are not authorized to perform this operation.',
    'operator policy',
  ],
  ['slower', named('ThrottlingException', 'Rate exceeded'), EXIT.unavailable, 'go slower', 'Try again'],
  [
    'no name',
    named('Error', 'getaddrinfo ENOTFOUND ssm.eu-wst-1.amazonaws.com', { code: 'ENOTFOUND' }),
    EXIT.unavailable,
    'ssm.eu-wst-1.amazonaws.com',
    '--region',
  ],
  [
    'no answer',
    named('TimeoutError', 'timed out'),
    EXIT.unavailable,
    'cannot be reached',
    'drawbridge doctor',
  ],
  ['no region', named('Error', 'Region is missing'), EXIT.notConfigured, 'No AWS region', 'AWS_REGION'],
  ['interrupted', named('AbortError', 'aborted'), EXIT.interrupted, 'Interrupted', undefined],
  ['refused input', named('RefusedInput', 'The event was refused'), EXIT.usage, 'was refused', undefined],
  ['anything else', named('RangeError', 'odd'), EXIT.failed, 'RangeError: odd', '--debug'],
])('%s', (_, error, code, says, next) => {
  const problem = explain(error, nobody);
  expect(problem.exitCode).toBe(code);
  expect(problem.message).toContain(says);
  if (next === undefined) expect(problem.next).toBeUndefined();
  else expect(problem.next).toContain(next);
});

test('the next step names the profile', () => {
  expect(explain(named('ExpiredToken', 'x'), { profile: 'work' }).next).toContain(
    'aws sso login --profile work',
  );
});

test('what is no error is said as it is', () => {
  expect(explain('odd', nobody)).toMatchObject({
    exitCode: EXIT.failed,
    message: 'This should not happen: odd',
  });
});
