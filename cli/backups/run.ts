import { ListMultipartUploadsCommand, ListPartsCommand } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { setTimeout as sleep } from 'node:timers/promises';
import { inBytes } from '../../contract/bytes';
import { EXIT } from '../../contract/exit-codes';
import { BACKUPS, tableOfKey } from '../../contract/keys';
import type { Proof } from '../../contract/manifest';
import { clientSettings } from '../aws/settings';
import { output, type Stack } from '../aws/stack';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import type { Progress } from '../framework/ui';
import type { Catalog } from './catalog';

/** Milliseconds between looks at a run. */
const LOOK_MS = 2_000;

/** By the state that an execution has entered last: what it is about. */
const PHASES: readonly (readonly [RegExp, string])[] = [
  [/^(Begin|OpenBox)$/, 'opening a box'],
  [/Agent/, 'waiting for the agent of the box'],
  [/Backup/, 'backing up'],
  [/Proof/, 'proving'],
  [/^(EndBox|Judge|Failed|Done)$/, 'ending the box'],
];

/** How the backup of one database ended. */
export interface Ended {
  readonly database: string;
  readonly execution: string;
  /** As Step Functions says it: `SUCCEEDED`, `FAILED`, … */
  readonly status: string;
  readonly box: string | null;
  readonly backup: {
    readonly prefix: string;
    readonly storedBytes: number;
    readonly plainBytes: number;
    readonly tables: number;
    readonly rows: number;
    readonly seconds: number;
  } | null;
  readonly proof: { readonly outcome: Proof['outcome'] | 'unproven' } | null;
  readonly error: string | null;
  readonly cause: string | null;
}

/** A run of the workflow, as it is followed. */
export class Run {
  /** Executions of this run: ARN → database. */
  private readonly children = new Map<string, string>();
  private readonly seen = new Set<string>();
  /** What S3 had got of each database at the last look. */
  private readonly before = new Map<string, { readonly at: number; readonly bytes: number }>();

  private constructor(
    private readonly context: Context,
    private readonly sfn: SFNClient,
    private readonly backupMachine: string,
    readonly execution: string,
  ) {}

  /** Starts a run of these databases; of all that the stack knows when none is named. */
  static async start(context: Context, stack: Stack, databases: readonly string[]): Promise<Run> {
    const sfn = new SFNClient(clientSettings(context));
    const { executionArn = '' } = await sfn.send(
      new StartExecutionCommand({
        stateMachineArn: output(stack, 'runMachine'),
        input: JSON.stringify(databases.length === 0 ? {} : { databases }),
      }),
    );
    return new Run(context, sfn, output(stack, 'backupMachine'), executionArn);
  }

  /** Looks until the run has ended; says what each database is at. */
  async follow(catalog: Catalog, progress: Progress): Promise<readonly Ended[]> {
    for (;;) {
      const run = await this.describe(this.execution);
      await this.findChildren();
      if (run.status !== 'RUNNING') {
        const ended = await Promise.all(
          [...this.children].map(([arn, database]) => this.ended(arn, database)),
        );
        if (ended.length === 0)
          throw new Problem(EXIT.failed, run.cause ?? `The run ended with ${run.status ?? 'no status'}.`);
        return ended;
      }
      const phases = await Promise.all(
        [...this.children].map(([arn, database]) => this.phase(arn, database, catalog)),
      );
      progress(phases.filter((phase) => phase !== '').join('; '));
      await sleep(LOOK_MS, undefined, { signal: this.context.interrupted });
    }
  }

  close(): void {
    this.sfn.destroy();
  }

  private describe(executionArn: string): Promise<DescribeExecutionCommandOutput> {
    return this.sfn.send(new DescribeExecutionCommand({ executionArn }));
  }

  /** The input of an execution names the run that started it. */
  private async findChildren(): Promise<void> {
    const { executions = [] } = await this.sfn.send(
      new ListExecutionsCommand({ stateMachineArn: this.backupMachine, maxResults: 100 }),
    );
    for (const { executionArn = '' } of executions) {
      if (this.seen.has(executionArn)) continue;
      this.seen.add(executionArn);
      const { input = '{}' } = await this.describe(executionArn);
      const given = JSON.parse(input) as Record<string, string>;
      if (given.AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID === this.execution)
        this.children.set(executionArn, given.database ?? '');
    }
  }

  private async phase(executionArn: string, database: string, catalog: Catalog): Promise<string> {
    const { events = [] } = await this.sfn.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 20 }),
    );
    const state = events.find(({ stateEnteredEventDetails }) => stateEnteredEventDetails !== undefined);
    const name = state?.stateEnteredEventDetails?.name ?? '';
    const [, words = ''] = PHASES.find(([pattern]) => pattern.test(name)) ?? [];
    const more = words === 'backing up' ? await this.uploaded(catalog, database) : '';
    return words === '' ? '' : `${database}: ${words}${more}`;
  }

  /** What S3 has got of the upload so far, how fast, and the table that the box is at. */
  private async uploaded({ s3, bucket }: Catalog, database: string): Promise<string> {
    const Prefix = `${BACKUPS}${encodeURIComponent(database)}/`;
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix }));
    let bytes = 0;
    let table = '';
    for (const { Key = '', UploadId } of Uploads) {
      const told = tableOfKey(Key);
      if (told !== undefined) {
        table = `, in ${told}`;
        continue;
      }
      const { Parts = [] } = await s3
        .send(new ListPartsCommand({ Bucket: bucket, Key, UploadId }))
        .catch(gone);
      for (const { Size = 0 } of Parts) bytes += Size;
    }
    if (bytes === 0) return table;
    const now = Date.now();
    const before = this.before.get(database) ?? { at: now, bytes };
    const perSecond = ((bytes - before.bytes) / Math.max(1, now - before.at)) * 1_000;
    this.before.set(database, { at: now, bytes });
    return `, ${inBytes(bytes)} stored${perSecond > 0 ? `, ${inBytes(perSecond)}/s` : ''}${table}`;
  }

  private async ended(execution: string, database: string): Promise<Ended> {
    const { status = 'unknown', output: text, error, cause } = await this.describe(execution);
    const done = JSON.parse(text ?? '{}') as Partial<Ended>;
    return {
      database,
      execution,
      status,
      box: done.box ?? null,
      backup: done.backup ?? null,
      proof: done.proof ?? null,
      error: error ?? null,
      cause: cause ?? null,
    };
  }
}

/** An upload that was completed between the two looks. */
function gone(error: unknown): { readonly Parts?: readonly { readonly Size?: number }[] } {
  if (error instanceof Error && error.name === 'NoSuchUpload') return {};
  throw error;
}
