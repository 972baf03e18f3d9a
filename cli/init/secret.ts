import { DescribeKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { DescribeSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { EXIT } from '../../contract/exit-codes';
import { Problem } from '../framework/problem';

/** Settings of the secret of a database that exists. */
export interface SecretSettings {
  readonly databaseSecretArn: string;
  readonly databaseSecretKeyArn?: string;
}

async function describe(secrets: SecretsManagerClient, id: string) {
  try {
    return await secrets.send(new DescribeSecretCommand({ SecretId: id }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
    throw new Problem(
      EXIT.notFound,
      `There is no secret ${id} in this region.`,
      'Name another with --secret.',
    );
  }
}

/** The whole ARN of a secret, and its key where that needs a permission of its own. Its content is not read. */
export async function secretSettings(
  secrets: SecretsManagerClient,
  kms: KMSClient,
  id: string,
): Promise<SecretSettings> {
  const { ARN: databaseSecretArn = '', KmsKeyId } = await describe(secrets, id);
  if (KmsKeyId === undefined) return { databaseSecretArn };
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: KmsKeyId }));
  // aws/secretsmanager lets every principal of the account in, through the service.
  if (KeyMetadata?.Arn === undefined || KeyMetadata.KeyManager === 'AWS') return { databaseSecretArn };
  return { databaseSecretArn, databaseSecretKeyArn: KeyMetadata.Arn };
}
