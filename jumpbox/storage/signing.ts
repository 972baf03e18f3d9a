import type { UploadPartCommand } from '@aws-sdk/client-s3';

const hasHeaders = (request: unknown): request is { headers: Record<string, string> } =>
  typeof request === 'object' && request !== null && 'headers' in request;

/** Tells the signer the SHA-256 (hexadecimal) of a part's body, which it would otherwise compute a second time. */
export function signAs(command: UploadPartCommand, digest: string): void {
  command.middlewareStack.add(
    (next) => (args) => {
      if (hasHeaders(args.request)) args.request.headers['x-amz-content-sha256'] = digest;
      return next(args);
    },
    { step: 'build', name: 'bodyIsHashedAlready' },
  );
}
