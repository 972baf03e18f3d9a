import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Context } from '../framework/command';
import { clientSettings } from './settings';

/** Who is signed in. */
export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
}

/** Asks AWS who it takes us for. */
export async function identity(context: Context): Promise<Identity> {
  const client = new STSClient(clientSettings(context));
  try {
    const { Account = '', Arn = '', UserId = '' } = await client.send(new GetCallerIdentityCommand({}));
    return { account: Account, arn: Arn, userId: UserId };
  } finally {
    client.destroy();
  }
}
