import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';

/** Keys of somebody who may open a data channel, as the SDK's credential providers give them. */
export interface SigningKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Headers of the request that opens a connection; asked for anew each time, since signatures and keys expire. */
export type HeaderProvider = (streamUrl: string) => Promise<Readonly<Record<string, string>>>;

/** Source: aws/session-manager-plugin, src/config/config.go (ServiceName). */
const SERVICE = 'ssmmessages';

/**
 * Signs the request that opens the data channel, so that IAM decides about `ssmmessages:OpenDataChannel`. The official client
 * does so from 1.2.764.0 on, and "Session Manager will soon stop supporting earlier versions"
 * (https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html). A URL that
 * carries a signature already is left alone. Rules: src/communicator/websocketchannel.go (Open, isPresignedURL).
 *
 * @param keys - called for every connection
 */
export function signStream(region: string, keys: () => Promise<SigningKeys>): HeaderProvider {
  const signer = new SignatureV4({
    service: SERVICE,
    region,
    credentials: keys,
    sha256: Sha256,
    applyChecksum: false,
  });
  return async (streamUrl) => {
    const url = new URL(streamUrl);
    if ([...url.searchParams.keys()].some((name) => name.startsWith('X-Amz-'))) return {};
    const signed = await signer.sign({
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host },
    });
    // The connection names its host itself.
    return Object.fromEntries(Object.entries(signed.headers).filter(([name]) => name !== 'host'));
  };
}
