import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InstanceKeys } from '../instance-connect/keys';
import type { InstanceRecords, RoleCredentials } from './records';

/** What the metadata service of one box serves. */
export interface MetadataSource {
  readonly instanceId: string;
  readonly region: string;
  readonly account: string;
  readonly records: InstanceRecords;
  readonly keys: InstanceKeys;
}

interface Token {
  readonly expiresAt: number;
  readonly ttlSeconds: number;
}

const MAX_TTL_SECONDS = 21_600;

/** Credentials are handed out again until so long before their end, as on a real instance. */
const RENEW_BEFORE_MS = 15 * 60_000;

const list = (names: readonly string[]): string => names.join('\n');

/**
 * The instance metadata service, version 2 (and 1 where the instance allows it).
 * Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html.
 */
export class Metadata {
  private readonly tokens = new Map<string, Token>();
  private credentials: RoleCredentials | undefined;

  constructor(private readonly source: MetadataSource) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const options = await this.source.records.metadataOptions();
    if (options.httpEndpoint === 'disabled') {
      response.writeHead(403).end();
      return;
    }
    if (path === '/latest/api/token') {
      this.issueToken(request, response);
      return;
    }
    if (!this.isAllowed(request, options.httpTokens === 'required')) {
      response.writeHead(401).end('Unauthorized');
      return;
    }
    const found = await this.find(path.replace(/\/$/, ''), options.instanceMetadataTags === 'enabled');
    if (found === undefined) response.writeHead(404).end('Not Found');
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(found);
  }

  private issueToken(request: IncomingMessage, response: ServerResponse): void {
    const ttlSeconds = Number(request.headers['x-aws-ec2-metadata-token-ttl-seconds']);
    // A forwarded request is refused: the token is for the instance alone.
    if (request.headers['x-forwarded-for'] !== undefined) response.writeHead(403).end();
    else if (request.method !== 'PUT') response.writeHead(405, { allow: 'OPTIONS, PUT' }).end();
    else if (!(ttlSeconds >= 1 && ttlSeconds <= MAX_TTL_SECONDS)) response.writeHead(400).end('Bad Request');
    else {
      const token = randomBytes(40).toString('base64url');
      this.tokens.set(token, { ttlSeconds, expiresAt: Date.now() + ttlSeconds * 1000 });
      response.writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': String(ttlSeconds) }).end(token);
    }
  }

  private isAllowed(request: IncomingMessage, needsToken: boolean): boolean {
    const given = request.headers['x-aws-ec2-metadata-token'];
    if (given === undefined) return !needsToken;
    const token = this.tokens.get(String(given));
    return token !== undefined && token.expiresAt > Date.now();
  }

  private async find(path: string, showsTags: boolean): Promise<string | undefined> {
    if (path === '/latest/dynamic/instance-identity/document') return this.identityDocument();
    const [, category] = /^\/latest\/meta-data\/(.+)$/.exec(path) ?? [];
    if (category === undefined) return path === '/latest/meta-data' ? this.categories(showsTags) : undefined;
    if (category.startsWith('tags/instance')) return showsTags ? this.tag(category.slice(14)) : undefined;
    if (category.startsWith('iam/')) return this.iam(category);
    const [, user] = /^managed-ssh-keys\/active-keys\/([^/]+)$/.exec(category) ?? [];
    if (user !== undefined) return this.source.keys.asMetadata(this.source.instanceId, user);
    return this.fact(category);
  }

  private categories(showsTags: boolean): string {
    const names = [
      'ami-id',
      'hostname',
      'iam/',
      'instance-id',
      'instance-type',
      'local-hostname',
      'local-ipv4',
    ];
    return list([...names, 'placement/', ...(showsTags ? ['tags/'] : [])]);
  }

  private async fact(category: string): Promise<string | undefined> {
    const { region, instanceId } = this.source;
    const { imageId, instanceType, availabilityZone, privateDnsName, privateIp, subnetId, vpcId } =
      await this.source.records.describe();
    const facts: Readonly<Record<string, string>> = {
      'ami-id': imageId,
      hostname: privateDnsName,
      'instance-id': instanceId,
      'instance-type': instanceType,
      'local-hostname': privateDnsName,
      'local-ipv4': privateIp,
      placement: list(['availability-zone', 'region']),
      'placement/availability-zone': availabilityZone,
      'placement/region': region,
      'network/interfaces/macs/subnet-id': subnetId,
      'network/interfaces/macs/vpc-id': vpcId,
      'instance-action': 'none',
      'instance-life-cycle': 'on-demand',
      'services/domain': 'amazonaws.com',
      'services/partition': 'aws',
    };
    return facts[category];
  }

  /** Tags as they are now: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html */
  private async tag(key: string): Promise<string | undefined> {
    const tags = await this.source.records.tags();
    return key === '' ? list(Object.keys(tags)) : tags[decodeURIComponent(key)];
  }

  private async iam(category: string): Promise<string | undefined> {
    const role = await this.source.records.role();
    if (role === undefined) return undefined;
    if (category === 'iam/info') {
      const { instanceProfileArn, instanceProfileId } = role;
      return JSON.stringify({
        Code: 'Success',
        LastUpdated: new Date().toISOString(),
        InstanceProfileArn: instanceProfileArn,
        InstanceProfileId: instanceProfileId,
      });
    }
    if (category === 'iam/security-credentials') return role.name;
    if (category !== `iam/security-credentials/${role.name}`) return undefined;
    const now = Date.now();
    if (this.credentials === undefined || this.credentials.expiresAt.getTime() - now < RENEW_BEFORE_MS) {
      this.credentials = await this.source.records.assume(role.arn);
    }
    const { accessKeyId, secretAccessKey, sessionToken, issuedAt, expiresAt } = this.credentials;
    const instant = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
    return JSON.stringify({
      Code: 'Success',
      LastUpdated: instant(issuedAt),
      Type: 'AWS-HMAC',
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: instant(expiresAt),
    });
  }

  private async identityDocument(): Promise<string> {
    const { region, account, instanceId } = this.source;
    const { imageId, instanceType, availabilityZone, privateIp, launchedAt, architecture } =
      await this.source.records.describe();
    return JSON.stringify({
      accountId: account,
      architecture,
      availabilityZone,
      imageId,
      instanceId,
      instanceType,
      pendingTime: launchedAt.toISOString().replace(/\.\d+Z$/, 'Z'),
      privateIp,
      region,
      version: '2017-09-30',
    });
  }
}
