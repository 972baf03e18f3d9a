import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Signer } from '@aws-sdk/rds-signer';
import { EXIT } from '../../contract/exit-codes';
import { clientSettings } from '../aws/settings';
import { output, type Stack } from '../aws/stack';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';

/** A token is good for 15 minutes, at login only: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html */
const RENEW_TOKEN_MS = 10 * 60_000;

/** How to log in to the database. */
export interface Credentials {
  readonly user: string;
  /** Undefined: the client asks for it. */
  readonly password?: string;
  /** After how many milliseconds the password should be asked for again; undefined when it lasts. */
  readonly renewMs?: number;
}

/** Name and password of the master, from Secrets Manager. */
export async function masterCredentials(context: Context, stack: Stack): Promise<Credentials> {
  const client = new SecretsManagerClient(clientSettings(context));
  try {
    const { SecretString = '{}' } = await client.send(
      new GetSecretValueCommand({ SecretId: output(stack, 'databaseSecret') }),
    );
    const { username, password } = JSON.parse(SecretString) as { username?: string; password?: string };
    if (username !== undefined && password !== undefined) return { user: username, password };
    throw new Problem(
      EXIT.databaseRefused,
      'The secret of the database holds no username and password.',
      'Correct the secret, or log in with --iam --user.',
    );
  } finally {
    client.destroy();
  }
}

/** A short-lived token in place of a password, signed on this machine. The user must have been granted `rds_iam`. */
export async function iamCredentials(context: Context, stack: Stack, user: string): Promise<Credentials> {
  const { region, profile } = clientSettings(context);
  const signer = new Signer({
    hostname: output(stack, 'databaseEndpoint'),
    port: Number(output(stack, 'databasePort')),
    username: user,
    region: region ?? stack.region,
    ...(profile === undefined ? {} : { profile }),
  });
  return { user, password: await signer.getAuthToken(), renewMs: RENEW_TOKEN_MS };
}
