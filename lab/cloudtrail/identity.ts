import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import type { AwsCall } from '../endpoint/extension';

/** Who called. Shape: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
export interface UserIdentity {
  readonly type: 'IAMUser' | 'AssumedRole' | 'Root' | 'Unknown';
  readonly principalId: string;
  readonly arn: string;
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly userName?: string;
  readonly sessionContext?: { readonly sessionIssuer: Readonly<Record<string, string>> };
}

/** Access key of a call's signature; empty for an unsigned call. */
export const accessKeyOf = ({ headers }: AwsCall): string =>
  /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';

function identityOf(arn: string, principalId: string, accountId: string, accessKeyId: string): UserIdentity {
  const common = { principalId, arn, accountId, accessKeyId };
  const [, role, session] = /:assumed-role\/([^/]+)\/(.+)$/.exec(arn) ?? [];
  if (role !== undefined && session !== undefined) {
    const issuer = { type: 'Role', arn: `arn:aws:iam::${accountId}:role/${role}`, accountId, userName: role };
    return { type: 'AssumedRole', ...common, sessionContext: { sessionIssuer: issuer } };
  }
  const user = /:user\/(.+)$/.exec(arn)?.[1]?.split('/').at(-1);
  return user === undefined ? { type: 'Root', ...common } : { type: 'IAMUser', ...common, userName: user };
}

/** Knows whose access keys are whose, from the emulator's records. */
export class Identities {
  private readonly known = new Map<string, Promise<UserIdentity>>();

  constructor(private readonly context: LabContext) {}

  /** Whoever signed a call. */
  of(call: AwsCall): Promise<UserIdentity> {
    const key = accessKeyOf(call);
    const found = this.known.get(key) ?? this.ask(call, key);
    this.known.set(key, found);
    return found;
  }

  private async ask(call: AwsCall, accessKeyId: string): Promise<UserIdentity> {
    const { account: accountId } = this.context;
    if (accessKeyId === '') return { type: 'Unknown', principalId: '', arn: '', accountId, accessKeyId };
    const sessionToken = call.headers['x-amz-security-token'];
    const sts = new STSClient({
      ...emulatorAccess(this.context, call.region),
      // The emulator reads the key of the signature and does not check the signature.
      credentials: {
        accessKeyId,
        secretAccessKey: 'unknown to the lab',
        ...(sessionToken === undefined ? {} : { sessionToken }),
      },
    });
    try {
      const { Arn = '', UserId = '', Account = accountId } = await sts.send(new GetCallerIdentityCommand({}));
      return identityOf(Arn, UserId, Account, accessKeyId);
    } finally {
      sts.destroy();
    }
  }
}
