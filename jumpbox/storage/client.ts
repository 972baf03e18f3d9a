import { S3Client } from '@aws-sdk/client-s3';
import { EXIT } from '../../contract/exit-codes';
import { boxCredentials } from '../credentials';
import { codeOf, reasonOf, Stop } from '../stop';

/** S3 by its ordinary name, which goes through the gateway endpoint; six attempts with the SDK's own pauses. */
export function openS3(region: string): S3Client {
  // What is read is hashed against the manifest; the SDK need not hash it besides.
  return new S3Client({
    region,
    credentials: boxCredentials(region),
    maxAttempts: 6,
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** HTTP status of a failed call; undefined when there was no answer. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata: unknown = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

const NETWORK = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
];

/** Whether a call failed because the service or the way to it is down, and not because of what was asked. */
export function isUnavailable(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined && status !== 200) return status >= 500;
  return NETWORK.includes(codeOf(error) ?? '') || (error instanceof Error && error.name === 'TimeoutError');
}

/** Turns a failed call of an AWS service into one sentence. */
export function storageStop(what: string, error: unknown): Stop {
  if (error instanceof Stop) return error;
  const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
  const exit = isUnavailable(error) ? EXIT.unavailable : EXIT.failed;
  return new Stop(exit, `${what}: ${name}${reasonOf(error)}`);
}
