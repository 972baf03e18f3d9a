import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { z } from 'zod';

const answer = z.looseObject({ __type: z.string().optional(), message: z.string().optional() });

/** Calls the API of EventBridge's schemas: five operations of it, which are no reason for one more SDK client. */
export class SchemasClient {
  private readonly signer: SignatureV4;
  private readonly endpoint: URL;

  constructor({
    endpoint,
    region,
    credentials,
  }: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  }) {
    this.endpoint = new URL(endpoint);
    this.signer = new SignatureV4({ service: 'schemas', region, credentials, sha256: Sha256 });
  }

  /** @throws Error whose name is the code of the API */
  async call(method: 'POST' | 'PUT' | 'DELETE', path: string, input: object = {}): Promise<void> {
    const url = new URL(`/v1/registries/name/${path}`, this.endpoint);
    const body = JSON.stringify(input);
    const { headers } = await this.signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/json' },
      body,
    });
    const reply = await fetch(url, { method, headers, ...(method === 'DELETE' ? {} : { body }) });
    const { __type: name = 'UnknownError', message = '' } = answer.parse(await reply.json());
    if (!reply.ok) throw Object.assign(new Error(message), { name });
  }
}
