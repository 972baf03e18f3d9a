import { createHash } from 'node:crypto';
import { type _InstanceType, type EC2Client, RunInstancesCommand, type Tag } from '@aws-sdk/client-ec2';
import type { Purpose } from '../contract/purposes';
import { formatInstant, TAGS } from '../contract/tags';
import { isLive, toStackInstance } from './boxes';
import type { CreateEnvironment, LaunchTemplate } from './environment';
import { LaunchFailed, NoCapacity, QuotaReached } from './errors';
import { isAwsError, log } from './log';

/** A complete request for a box. */
export interface BoxRequest {
  readonly purpose: Purpose;
  readonly ttlMinutes: number;
  readonly reason: string;
  /** As the caller says it; empty when it says nothing. */
  readonly requestedBy: string;
  readonly requestId: string;
  readonly holder: string | undefined;
}

/** One attempt to launch. */
interface Place {
  readonly instanceType: string;
  readonly subnetId: string;
}

/** What {@link launch} says when an earlier or simultaneous call with the same seed has launched a box already. */
export const REPEATED = 'repeated';

/**
 * No room for this type in this subnet now, so that another may do.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html
 */
const TRY_NEXT = [
  'InsufficientInstanceCapacity',
  'InsufficientFreeAddressesInSubnet',
  'InsufficientHostCapacity',
  'Unsupported',
];

const VCPUS = 'quota L-1216C47A of Amazon EC2, "Running On-Demand Standard instances", counted in vCPUs';
const VOLUMES = 'storage quota of Amazon EBS in this region';
/** Quotas of the account: every pair of subnet and type would meet the same one. */
const QUOTAS: ReadonlyMap<string, string> = new Map([
  ['InstanceLimitExceeded', VCPUS],
  ['VcpuLimitExceeded', VCPUS],
  ['MaxSpotInstanceCountExceeded', 'quota L-34B43A08 of Amazon EC2, "All Standard Spot Instance Requests"'],
  ['VolumeLimitExceeded', VOLUMES],
  ['MaxIOPSLimitExceeded', VOLUMES],
  ['NetworkInterfaceLimitExceeded', 'quota L-DF5E4CA3 of Amazon VPC, "Network interfaces per Region"'],
]);

/**
 * Token by which EC2 recognises a repeated launch: 64 characters, EC2's maximum. Tokens count for the whole account, so
 * the stack, and the source where there is one, is part of it. Each pair of type and subnet has its own, since the pair is a parameter of the launch. The
 * expiry and the reason are not part of it: a repetition that computes another expiry must meet the first box (EC2 then
 * answers IdempotentParameterMismatch) and not get a second one.
 */
function clientToken(owner: readonly string[], seed: readonly string[], place: Place): string {
  const parts = [...owner, ...seed, place.instanceType, place.subnetId];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function tagsOf(request: BoxRequest, environment: CreateEnvironment, expiresAt: string): Tag[] {
  return Object.entries({
    [TAGS.stack]: environment.stackId,
    [TAGS.purpose]: request.purpose,
    [TAGS.expiresAt]: expiresAt,
    [TAGS.requestId]: request.requestId,
    ...(request.holder === undefined ? {} : { [TAGS.holder]: request.holder }),
    [TAGS.reason]: request.reason,
    [TAGS.requestedBy]: request.requestedBy,
    [TAGS.name]: [environment.name, request.purpose, environment.source].filter(Boolean).join('-'),
    ...(environment.source === undefined ? {} : { [TAGS.source]: environment.source }),
  }).map(([Key, Value]) => ({ Key, Value }));
}

/** Launches once, in one place. Besides these parameters the template decides everything. */
async function launchAt(
  ec2: EC2Client,
  place: Place,
  template: LaunchTemplate,
  tags: Tag[],
  token: string,
): Promise<string> {
  const answer = await ec2.send(
    new RunInstancesCommand({
      ClientToken: token,
      LaunchTemplate: { LaunchTemplateId: template.launchTemplateId, Version: template.version },
      // Types come from the settings; EC2 itself says which exist.
      InstanceType: place.instanceType as _InstanceType,
      SubnetId: place.subnetId,
      TagSpecifications: (['instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({
        ResourceType,
        Tags: tags,
      })),
      MinCount: 1,
      MaxCount: 1,
    }),
  );
  const [instance] = (answer.Instances ?? []).map(toStackInstance);
  if (instance === undefined) throw new LaunchFailed('EC2 accepted the launch but named no instance.');
  // The same token with the same parameters answers with the first instance, even when that has ended since.
  return isLive(instance) ? instance.instanceId : REPEATED;
}

/**
 * Launches a box: every subnet with the first instance type, then with the next type.
 *
 * @param seed - what makes this launch the same as another one: EC2 launches once per seed
 * @param expiresAt - text of the expiry tag
 * @returns the new instance's id, or {@link REPEATED}
 * @throws NoCapacity naming every pair that was tried; QuotaReached at once; any other error of EC2 as it is
 */
export async function launch(
  ec2: EC2Client,
  request: BoxRequest,
  template: LaunchTemplate,
  environment: CreateEnvironment,
  seed: readonly string[],
  expiresAt: string,
): Promise<string> {
  const tags = tagsOf(request, environment, expiresAt);
  const tried: string[] = [];
  for (const instanceType of environment.instanceTypes) {
    for (const subnetId of environment.subnetIds) {
      const place = { instanceType, subnetId };
      const owner = [environment.stackId, ...(environment.source === undefined ? [] : [environment.source])];
      const token = clientToken(owner, seed, place);
      try {
        return await launchAt(ec2, place, template, tags, token);
      } catch (error) {
        if (isAwsError(error, 'IdempotentParameterMismatch')) return REPEATED;
        refuseQuota(error);
        if (!isAwsError(error, ...TRY_NEXT)) throw error;
        log('no room', { ...place, code: error.name });
        tried.push(`${instanceType} in ${subnetId} (${error.name})`);
      }
    }
  }
  throw new NoCapacity(
    `There is no capacity for a box now; nothing was launched. Tried in this order: ${tried.join(', ')}. ` +
      'Call again in some minutes, or add instance types to the setting boxTypes and deploy.',
  );
}

function refuseQuota(error: unknown): void {
  if (!(error instanceof Error)) return;
  const quota = QUOTAS.get(error.name);
  if (quota === undefined) return;
  throw new QuotaReached(
    `Nothing was launched: this account has used up the ${quota} (EC2 says ${error.name}: ${error.message}). ` +
      'End instances that are not needed (ended ones count for some minutes more), or ask for an increase in Service Quotas.',
    { cause: error },
  );
}

/** Text of the expiry tag of a box that lives `ttlMinutes` from `now`. */
export function expiryAfter(now: Date, ttlMinutes: number): string {
  return formatInstant(new Date(now.getTime() + ttlMinutes * 60_000));
}
