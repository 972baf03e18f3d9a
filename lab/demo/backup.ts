import { manifest as manifestSchema, proof as proofSchema } from '../../contract/manifest';
import type { Cloud, CommandOutcome } from './cloud';
import type { Outputs } from './outputs';
import type { Timeline } from './timeline';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Throws unless a document ended well; its last words say why. */
function demandSuccess(what: string, outcome: CommandOutcome): void {
  if (outcome.status === 'Success') return;
  throw new Error(`${what} ended with ${outcome.status}, exit code ${outcome.exitCode}:\n${outcome.stderr}`);
}

/** What a program of the box prints to standard output: its result, as JSON. */
const result = (outcome: CommandOutcome): Record<string, unknown> =>
  JSON.parse(outcome.stdout) as Record<string, unknown>;

/** Runs the backup document, shows the manifest, runs the proof document, shows the proof. */
export async function backUpAndProve(
  cloud: Cloud,
  outputs: Outputs,
  instanceId: string,
  timeline: Timeline,
): Promise<void> {
  const bucket = outputs.BackupBucketName;
  const prefix = await timeline.step(
    'Back up: dump, compress, stream to S3, commit',
    async (progress) => {
      const outcome = await cloud.runDocument(outputs.BackupDocumentName, instanceId, {}, progress);
      demandSuccess('The backup', outcome);
      return String(result(outcome).prefix);
    },
    { outcome: (committed) => `committed ${committed}` },
  );
  await timeline.step('Read its manifest', async () => {
    const manifest = manifestSchema.parse(JSON.parse(await cloud.read(bucket, `${prefix}manifest.json`)));
    const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
    const { plainBytes, storedBytes, storedSha256 } = manifest.data;
    return [
      `${manifest.tables.length} tables, ${rows.toLocaleString('en')} rows, PostgreSQL ${manifest.serverVersion}`,
      `${megabytes(plainBytes)} dumped, ${megabytes(storedBytes)} stored, SHA-256 ${storedSha256.slice(0, 16)}…`,
    ].join('\n');
  });
  await timeline.step('Prove it: restore into a scratch database and compare', async (progress) => {
    const outcome = await cloud.runDocument(
      outputs.ProveDocumentName,
      instanceId,
      { prefix: [prefix] },
      progress,
    );
    demandSuccess('The proof', outcome);
    const proof = proofSchema.parse(JSON.parse(await cloud.read(bucket, String(result(outcome).key))));
    if (proof.outcome === 'failed') throw new Error(`The proof failed: ${JSON.stringify(proof.differences)}`);
    const compared = `${proof.tablesCompared} tables and ${proof.rowsCompared.toLocaleString('en')} rows compared`;
    return `${proof.outcome}${proof.exceptions.length > 0 ? ` ${proof.exceptions.join(', ')}` : ''}: ${compared}`;
  });
}
