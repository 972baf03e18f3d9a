import { PutObjectTaggingCommand, S3Client } from '@aws-sdk/client-s3';
import { BACKUP_OBJECTS } from '../contract/keys';
import { METRICS } from '../contract/metrics';
import { EXPIRABLE } from '../contract/retention';
import { type Clock, systemClock } from './clock';
import { retainEnvironment } from './environment';
import { log } from './log';
import { measure } from './metrics';
import { inventory, type Stored } from './retain/inventory';
import { logNewest } from './retain/newest';
import { type Candidate, type Decision, planRetention, type Retention } from './retain/plan';
import { isProven } from './retain/proven';

const s3 = new S3Client({ maxAttempts: 5 });

const DAY_MS = 86_400_000;
/** The manifest goes first; what it speaks of so many days later. What never had one may still be written, for two days. */
const AFTER_MANIFEST_DAYS = 2;

/** What retention works with. */
export interface Retaining extends Retention {
  readonly s3: S3Client;
  readonly bucket: string;
  /** Name of the stack, for the metrics. */
  readonly name: string;
  readonly databases: readonly string[];
  readonly clock: Clock;
}

/** What one call has decided and done. */
export interface RetainResult {
  readonly decisions: readonly Decision[];
  /** Objects that the lifecycle may now expire. */
  readonly marked: readonly string[];
}

/**
 * Decides which backups stay, and marks what may go: the bucket's lifecycle expires what is marked, and nothing else does.
 * With `{ "dryRun": true }` it only tells.
 *
 * Needs on the bucket s3:ListBucketVersions, and below `backups/` s3:GetObject and s3:PutObjectTagging; kms:Decrypt.
 */
export async function handler(event: { readonly dryRun?: boolean } = {}): Promise<RetainResult> {
  const retaining = { s3, clock: systemClock, ...retainEnvironment(process.env) };
  return retain(retaining, event.dryRun === true);
}

/** The function with all that it depends on. */
export async function retain(retaining: Retaining, dryRun: boolean): Promise<RetainResult> {
  const stored = await inventory(retaining.s3, retaining.bucket);
  const now = retaining.clock.now();
  const decisions: Decision[] = [];
  const toMark = stored.flatMap((one) => orphans(one, retaining, now));
  for (const database of new Set([...retaining.databases, ...stored.map((one) => one.database)])) {
    const candidates = await candidatesOf(
      retaining,
      stored.filter((one) => one.database === database),
    );
    const planned = planRetention(candidates, retaining, now);
    decisions.push(...planned);
    toMark.push(
      ...planned.filter(({ keep }) => !keep).map(({ prefix }) => `${prefix}${BACKUP_OBJECTS.manifest}`),
    );
    if (!retaining.databases.includes(database)) continue;
    measureProof(retaining.name, database, candidates, now);
    await logNewest(retaining.s3, retaining.bucket, database, candidates);
  }
  if (!dryRun) for (const key of toMark) await mark(retaining, key);
  log('retained', { kept: decisions.filter(({ keep }) => keep).length, marked: toMark, dryRun });
  return { decisions, marked: toMark };
}

async function candidatesOf(
  { s3: client, bucket }: Retaining,
  stored: readonly Stored[],
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const one of stored) {
    const storedAt = one.objects.get(BACKUP_OBJECTS.manifest);
    if (storedAt === undefined) continue;
    candidates.push({ prefix: one.prefix, storedAt, proven: await isProven(client, bucket, one) });
  }
  return candidates;
}

/** Objects without a manifest, long enough after it went or after they were stored. */
function orphans({ prefix, objects, manifestGoneAt }: Stored, { lockDays }: Retention, now: Date): string[] {
  if (objects.has(BACKUP_OBJECTS.manifest)) return [];
  const before = (days: number): number => now.getTime() - days * DAY_MS;
  if (manifestGoneAt !== undefined && manifestGoneAt.getTime() > before(AFTER_MANIFEST_DAYS)) return [];
  return [...objects]
    .filter(([, storedAt]) => storedAt.getTime() <= before(lockDays + 1 + AFTER_MANIFEST_DAYS))
    .map(([name]) => `${prefix}${name}`);
}

async function mark({ s3: client, bucket }: Retaining, key: string): Promise<void> {
  const TagSet = [{ Key: EXPIRABLE.key, Value: EXPIRABLE.value }];
  await client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key: key, Tagging: { TagSet } }));
}

/** Hours since the last proof; nothing while there is none, which the alarm takes for too old. */
function measureProof(name: string, database: string, candidates: readonly Candidate[], now: Date): void {
  const proven = candidates.filter((one) => one.proven).map(({ storedAt }) => storedAt.getTime());
  if (proven.length === 0) return;
  const hours = (now.getTime() - Math.max(...proven)) / 3_600_000;
  measure({ Stack: name, Database: database }, { [METRICS.hoursSinceProof]: hours }, now);
}
