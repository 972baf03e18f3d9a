import type { AwsCall, AwsReply, Extension, Forward } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import { rawReply } from '../endpoint/reply';

const bucketOf = ({ input }: AwsCall): string => String(input.Bucket);

/** Asks the emulator whether the bucket is there; its own error goes back to the caller. */
async function problemWith(call: AwsCall, forward: Forward): Promise<AwsReply | undefined> {
  const path = `/${bucketOf(call)}?location`;
  const reply = await forward({
    ...call,
    operation: 'GetBucketLocation',
    method: 'GET',
    path,
    body: Buffer.alloc(0),
  });
  return reply.status < 300 ? undefined : reply;
}

function check(policy: string): void {
  try {
    JSON.parse(policy);
  } catch {
    throw new AwsFault('MalformedPolicy', 'This policy contains invalid Json');
  }
}

/**
 * Bucket policies: put, read and deleted, and enforced by nobody.
 *
 * The emulator would enforce them but overlooks their conditions, so that a statement denying requests without TLS denies
 * every request. They stand here instead, where it does not see them.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
 */
export function s3Extension(): Extension {
  const policies = new Map<string, string>();
  return {
    service: 's3',
    operations: {
      async PutBucketPolicy(call, forward) {
        const problem = await problemWith(call, forward);
        if (problem !== undefined) return problem;
        const policy = call.body.toString();
        check(policy);
        policies.set(bucketOf(call), policy);
        return rawReply(204, '');
      },
      async GetBucketPolicy(call, forward) {
        const problem = await problemWith(call, forward);
        if (problem !== undefined) return problem;
        const policy = policies.get(bucketOf(call));
        if (policy === undefined)
          throw new AwsFault('NoSuchBucketPolicy', 'The bucket policy does not exist', 404);
        return rawReply(200, policy, { 'content-type': 'application/json' });
      },
      async DeleteBucketPolicy(call, forward) {
        const problem = await problemWith(call, forward);
        if (problem !== undefined) return problem;
        policies.delete(bucketOf(call));
        return rawReply(204, '');
      },
      async DeleteBucket(call, forward) {
        const reply = await forward(call);
        if (reply.status < 300) policies.delete(bucketOf(call));
        return reply;
      },
    },
  };
}
