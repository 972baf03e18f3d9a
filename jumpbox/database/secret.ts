import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { EXIT } from '../../contract/exit-codes';
import { boxCredentials } from '../credentials';
import { isUnavailable } from '../storage/client';
import { reasonOf, Stop } from '../stop';

/** Who connects. Lives in memory only, and in the environment of child processes. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** What RDS keeps in the secret that it manages; other fields may stand beside. */
const login = z.object({ username: z.string().min(1), password: z.string().min(1) });

function parseLogin(text: string, arn: string): Login {
  const refuse = (problem: string): Stop =>
    new Stop(EXIT.failed, `The secret ${arn} ${problem}: it must be JSON with "username" and "password".`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message would quote the secret.
    throw refuse('is no JSON');
  }
  const parsed = login.safeParse(json);
  if (!parsed.success) throw refuse('lacks a field');
  return { username: parsed.data.username, password: parsed.data.password };
}

/** What a terminal can be given in one line, and 7-Zip takes from one in every locale. */
const PASSWORD = /^[\x20-\x7e]{12,128}$/;

function parsePassword(text: string, arn: string): string {
  if (PASSWORD.test(text)) return text;
  throw new Stop(
    EXIT.usage,
    `The secret ${arn} must hold a password of 12 to 128 printable ASCII characters, and nothing else. Nothing was begun.`,
  );
}

/**
 * Reads the password of archives.
 *
 * @throws Stop when the secret cannot be read or holds something else
 */
export const readArchivePassword = (region: string, secretArn: string): Promise<string> =>
  readSecret(region, secretArn, "archives' secret", parsePassword);

/**
 * Reads the database's login, now: RDS changes the password every week.
 *
 * @throws Stop when the secret cannot be read or does not hold a login
 */
export const readLogin = (region: string, secretArn: string): Promise<Login> =>
  readSecret(region, secretArn, "database's secret", parseLogin);

async function readSecret<T>(
  region: string,
  secretArn: string,
  what: string,
  parse: (text: string, arn: string) => T,
): Promise<T> {
  const client = new SecretsManagerClient({ region, credentials: boxCredentials(region), maxAttempts: 5 });
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    return parse(SecretString ?? '', secretArn);
  } catch (error) {
    if (error instanceof Stop) throw error;
    const exit = isUnavailable(error) ? EXIT.unavailable : EXIT.failed;
    throw new Stop(exit, `The ${what} ${secretArn} could not be read: ${reasonOf(error)}`);
  } finally {
    client.destroy();
  }
}
