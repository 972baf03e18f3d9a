import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Box } from '../ec2/box';
import { below, moveBelow } from '../ec2/paths';
import { signal } from '../processes';
import type { DocumentStep, SsmDocument } from './documents';
import { interpolate, interpolateLines, parameterVariables, type CheckedParameters } from './parameters';

/** How many characters GetCommandInvocation returns: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html */
const STDOUT_CHARACTERS = 24_000;
const STDERR_CHARACTERS = 8_000;

/** Exit code of a command that the agent stopped. */
const STOPPED = 137;

/** What one step came to. */
export interface StepResult {
  readonly name: string;
  readonly status: 'Success' | 'Failed' | 'TimedOut' | 'Cancelled';
  readonly responseCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** Keeps the first characters of a stream, whatever its length. */
function collect(stream: Readable, limit: number): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length <= limit) text += chunk;
  });
  return () => text;
}

function truncate(text: string, limit: number, mark: string): string {
  return text.length <= limit ? text : text.slice(0, limit - mark.length) + mark;
}

/** Runs the steps of one command document on one box, as the SSM agent does. */
export class DocumentRun {
  private stop: ((status: 'TimedOut' | 'Cancelled') => void) | undefined;
  private cancelled = false;

  constructor(
    private readonly box: Box,
    private readonly document: SsmDocument,
    private readonly values: CheckedParameters,
    private readonly commandId: string = randomUUID(),
  ) {}

  cancel(): void {
    this.cancelled = true;
    this.stop?.('Cancelled');
  }

  /**
   * Runs step after step; after a failure the next one runs too unless the step says `onFailure: exit`.
   * Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
   */
  async run(): Promise<StepResult[]> {
    const results: StepResult[] = [];
    for (const step of this.document.content.mainSteps) {
      if (this.cancelled) break;
      const result = await this.runStep(step);
      results.push(result);
      const isOver = result.status === 'TimedOut' || result.status === 'Cancelled';
      const { onFailure, onSuccess } = step.inputs;
      if (isOver || (result.status === 'Failed' && onFailure === 'exit')) break;
      if (result.status === 'Success' && onSuccess === 'exit') break;
    }
    return results;
  }

  private runStep(step: DocumentStep): Promise<StepResult> {
    const startedAt = new Date();
    const done = (part: Partial<StepResult>): StepResult => ({
      name: step.name,
      status: 'Success',
      responseCode: 0,
      stdout: '',
      stderr: '',
      startedAt,
      endedAt: new Date(),
      ...part,
    });
    const [variable, platform] = step.precondition?.StringEquals ?? ['platformType', 'Linux'];
    if (variable === 'platformType' && platform !== 'Linux') {
      return Promise.resolve(done({ stdout: 'Step execution skipped due to unsatisfied preconditions' }));
    }
    if (step.action !== 'aws:runShellScript') {
      const stderr = `The lab's agent runs aws:runShellScript only; this step is ${step.action}.`;
      return Promise.resolve(done({ status: 'Failed', responseCode: 1, stderr }));
    }
    return this.runScript(step, done);
  }

  private text(value: unknown): string {
    const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    return interpolate(text, this.document.content.parameters, this.values);
  }

  /** The script stands where the agent puts it, and `sh -c` gets its path. */
  private writeScript(step: DocumentStep): { readonly script: string; readonly directory: string } {
    const lines = step.inputs.runCommand as string | readonly string[];
    const text = interpolateLines(lines, this.document.content.parameters, this.values).join('\n');
    const directory = join(
      this.box.root,
      'var/lib/amazon/ssm',
      this.box.options.instanceId,
      'document/orchestration',
      this.commandId,
      step.name,
    );
    mkdirSync(directory, { recursive: true });
    const script = join(directory, '_script.sh');
    writeFileSync(script, moveBelow(this.box.root, `${text}\n`));
    chmodSync(script, 0o700);
    return { script, directory };
  }

  private async runScript(
    step: DocumentStep,
    done: (part: Partial<StepResult>) => StepResult,
  ): Promise<StepResult> {
    const { script, directory } = this.writeScript(step);
    const wanted = below(this.box.root, this.text(step.inputs.workingDirectory));
    const child = this.box.spawn(['sh', '-c', script], {
      environment: {
        AWS_SSM_INSTANCE_ID: this.box.options.instanceId,
        AWS_SSM_REGION_NAME: this.box.options.region,
        ...parameterVariables(this.document.content.parameters, this.values),
      },
      directory: wanted !== '' && existsSync(wanted) ? wanted : directory,
    });
    const { stdout: output, stderr: errors, pid } = child;
    if (output === null || errors === null) throw new Error('The command was started without pipes.');
    const stdout = collect(output, STDOUT_CHARACTERS);
    const stderr = collect(errors, STDERR_CHARACTERS);
    let stopped: 'TimedOut' | 'Cancelled' | undefined;
    this.stop = (status) => {
      stopped = status;
      if (pid !== undefined) signal(-pid, 'SIGKILL');
    };
    const seconds = Number(this.text(step.inputs.timeoutSeconds)) || 3600;
    const timer = setTimeout(() => this.stop?.('TimedOut'), seconds * 1000);
    const [code, killedBy] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(timer);
    this.stop = undefined;
    const responseCode = stopped === undefined ? (code ?? STOPPED) : STOPPED;
    const status = stopped ?? (responseCode === 0 ? 'Success' : 'Failed');
    const why = code === null ? `signal: ${killedBy ?? ''}` : `exit status ${code}`;
    const note = status === 'Success' ? '' : `failed to run commands: ${why}`;
    return done({
      status,
      responseCode,
      stdout: truncate(stdout(), STDOUT_CHARACTERS, '\n---Output truncated---'),
      stderr: truncate(`${stderr()}${note}`, STDERR_CHARACTERS, '\n---Error truncated----'),
      endedAt: new Date(),
    });
  }
}
