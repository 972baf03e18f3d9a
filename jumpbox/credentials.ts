import { S3Client } from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds before the metadata service is asked again. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000];

type Chain = S3Client['config']['credentials'];

/** Asks again where no credentials were found, as long as there are pauses. */
export const patient =
  (chain: Chain, pauses: readonly number[] = PAUSES_MS): Chain =>
  async (properties) => {
    for (const pause of pauses) {
      try {
        return await chain(properties);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'CredentialsProviderError') throw error;
        await sleep(pause);
      }
    }
    return chain(properties);
  };

/**
 * The SDK's own chain of credentials, with patience: it asks the metadata service once and waits a second, which a small box that
 * is busy with a dump, or EC2's throttling of that service, may outlast.
 */
export const boxCredentials = (region: string): Chain => patient(new S3Client({ region }).config.credentials);
