import type { Context } from '../framework/command';
import type { DataKeyProvider } from '../session';

/** How many bytes a session's data key has: half for each direction. */
const KEY_BYTES = 64;

/** Data keys for sessions that the account's preferences encrypt with a KMS key. */
export function dataKeyFor(context: Context, targetId: string): DataKeyProvider {
  return async ({ kmsKeyId, sessionId }) => {
    const { GenerateDataKeyCommand, KMSClient } = await import('@aws-sdk/client-kms');
    const { clientSettings } = await import('../aws/settings');
    const kms = new KMSClient(clientSettings(context));
    try {
      const { Plaintext, CiphertextBlob } = await kms.send(
        new GenerateDataKeyCommand({
          KeyId: kmsKeyId,
          NumberOfBytes: KEY_BYTES,
          EncryptionContext: { 'aws:ssm:SessionId': sessionId, 'aws:ssm:TargetId': targetId },
        }),
      );
      return { plaintext: Buffer.from(Plaintext ?? []), ciphertext: Buffer.from(CiphertextBlob ?? []) };
    } finally {
      kms.destroy();
    }
  };
}
