import { EXIT } from '../../contract/exit-codes';
import { Problem } from './problem';

/** Who is signed in, as far as the command line says so; for the next step. */
export interface Whose {
  readonly profile: string | undefined;
}

interface Rule {
  /** Names of errors: AWS's codes, SDK classes, Node's system errors. */
  readonly names: readonly string[];
  problem(error: Error, whose: Whose): Problem;
}

const withProfile = ({ profile }: Whose): string => (profile === undefined ? '' : ` --profile ${profile}`);

const signIn = (whose: Whose): string =>
  `Sign in again, for example with \`aws sso login${withProfile(whose)}\` or \`aws configure${withProfile(whose)}\`; ` +
  'or choose other credentials with --profile or AWS_PROFILE.';

/** Which action on what, from the words of IAM's refusal. */
function refusedAction(message: string): string {
  const found = /perform: (\S+?)(?: on resource: (\S+))?(?: because|$|\s|\.)/.exec(message);
  if (found === null) return message;
  return found[2] === undefined ? (found[1] ?? '') : `${found[1] ?? ''} on ${found[2]}`;
}

/** In order: the first that fits explains. */
const RULES: readonly Rule[] = [
  {
    names: ['ExpiredToken', 'ExpiredTokenException', 'TokenProviderError', 'RequestExpired'],
    problem: (error, whose) =>
      new Problem(EXIT.notConfigured, `Your AWS credentials have expired (${error.message}).`, signIn(whose)),
  },
  {
    names: ['CredentialsProviderError'],
    problem: (error, whose) =>
      /expired/i.test(error.message)
        ? new Problem(EXIT.notConfigured, `Your AWS sign-in has expired (${error.message}).`, signIn(whose))
        : new Problem(EXIT.notConfigured, `No AWS credentials were found (${error.message}).`, signIn(whose)),
  },
  {
    names: ['RequestTimeTooSkewed'],
    problem: () =>
      new Problem(
        EXIT.notConfigured,
        'AWS refuses the request because the clock of this machine is wrong.',
        'Set the clock (for example `timedatectl set-ntp true`), then try again.',
      ),
  },
  {
    names: [
      'InvalidClientTokenId',
      'UnrecognizedClientException',
      'AuthFailure',
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
      'InvalidAccessKeyId',
    ],
    problem: (error, whose) =>
      /Signature (expired|not yet current)/.test(error.message)
        ? new Problem(
            EXIT.notConfigured,
            `AWS refuses the request because the clock of this machine is wrong (${error.message}).`,
            'Set the clock (for example `timedatectl set-ntp true`), then try again.',
          )
        : new Problem(
            EXIT.notConfigured,
            `AWS does not accept your credentials (${error.name}).`,
            signIn(whose),
          ),
  },
  {
    names: [
      'AccessDenied',
      'AccessDeniedException',
      'UnauthorizedOperation',
      'AuthorizationError',
      'NotAuthorized',
    ],
    problem: (error) =>
      new Problem(
        EXIT.notAllowed,
        `You are not allowed to do this: ${refusedAction(error.message)}.`,
        "Have the stack's operator policy attached to your user or role: `drawbridge policy operator` shows how.",
      ),
  },
  {
    names: ['Throttling', 'ThrottlingException', 'RequestLimitExceeded', 'TooManyRequestsException'],
    problem: (error) =>
      new Problem(EXIT.unavailable, `AWS asks to go slower (${error.name}).`, 'Try again in a minute.'),
  },
  {
    names: [
      'ENOTFOUND',
      'EAI_AGAIN',
      'ECONNREFUSED',
      'ECONNRESET',
      'ETIMEDOUT',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'EPIPE',
    ],
    problem: (error) => unreachable(error),
  },
  { names: ['TimeoutError', 'NetworkingError'], problem: (error) => unreachable(error) },
];

function unreachable(error: Error): Problem {
  return new Problem(
    EXIT.unavailable,
    `AWS cannot be reached (${error.message === '' ? codeOf(error) : error.message}).`,
    'Check the network, a proxy, and that the region exists (--region); `drawbridge doctor` looks at each.',
    { cause: error },
  );
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Turns whatever was thrown into a sentence, a next step and an exit code. */
export function explain(thrown: unknown, whose: Whose): Problem {
  if (thrown instanceof Problem) return thrown;
  if (!(thrown instanceof Error))
    return new Problem(EXIT.failed, `This should not happen: ${String(thrown)}`);
  if (thrown.name === 'AbortError') return new Problem(EXIT.interrupted, 'Interrupted.');
  if (thrown.name === 'RefusedInput') return new Problem(EXIT.usage, thrown.message);
  if (thrown.name === 'SessionError')
    return new Problem(
      EXIT.unavailable,
      thrown.message,
      'Try again; `drawbridge doctor` looks for the cause.',
    );
  if (/Region is missing/.test(thrown.message)) return noRegion();
  const names = [thrown.name, codeOf(thrown)];
  const rule = RULES.find((one) => names.some((name) => one.names.includes(name)));
  return (
    rule?.problem(thrown, whose) ??
    new Problem(EXIT.failed, `${thrown.name}: ${thrown.message}`, 'Run again with --debug for details.', {
      cause: thrown,
    })
  );
}

/** No region is known. */
export const noRegion = (): Problem =>
  new Problem(
    EXIT.notConfigured,
    'No AWS region is given.',
    'Name the region of the stack with --region, AWS_REGION, or `region` in the profile.',
  );
