import { EC2Client } from '@aws-sdk/client-ec2';
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../contract/exit-codes';
import type { Purpose } from '../../contract/purposes';
import { clientSettings } from '../aws/settings';
import type { Stack } from '../aws/stack';
import { extendBox, openBox } from '../boxes/create';
import { closeBox } from '../boxes/destroy';
import { stateOf, untilOnline } from '../boxes/online';
import { Cleanup } from '../framework/cleanup';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';
import type { Progress } from '../framework/ui';

/** Milliseconds between looks at a command. */
const LOOK_MS = 2_000;
/** Seconds in which the agent must fetch a command; it is online when the command is sent. */
const DELIVERY_SECONDS = 600;
/** A box that ends sooner than this is given another hour. */
const NEAR_END_MS = 10 * 60_000;
const EXTEND_MINUTES = 60;
const UNDER_WAY = ['Pending', 'InProgress', 'Delayed', 'Cancelling'];

/** A box that is opened for some work. */
export interface BoxFor {
  readonly purpose: Purpose;
  readonly reason: string;
}

/** One document that is run on it. */
export interface Work {
  readonly document: string;
  /** What is left out is not handed over. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** Words while it runs. */
  readonly title: string;
}

/** Runs one document to its end; what the program of the box printed. */
export type RunOnBox = (work: Work) => Promise<unknown>;

interface Outcome {
  readonly status: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function look(ssm: SSMClient, commandId: string, instanceId: string): Promise<Outcome | undefined> {
  try {
    const seen = await ssm.send(
      new GetCommandInvocationCommand({ CommandId: commandId, InstanceId: instanceId }),
    );
    return {
      status: seen.Status ?? 'Pending',
      code: seen.ResponseCode ?? -1,
      stdout: seen.StandardOutputContent ?? '',
      stderr: seen.StandardErrorContent ?? '',
    };
  } catch (error) {
    // Right after it was sent, a command is not known yet.
    if (error instanceof Error && error.name === 'InvocationDoesNotExist') return undefined;
    throw error;
  }
}

/** What the agent adds below the words of a command that failed. */
const AGENTS_NOTE = /^failed to run commands: /;

/** The program's own last words: what it wrote beside its progress. */
const wordsOf = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => /\S/.test(line) && !/^\s+\d+\.\d s {2}/.test(line) && !AGENTS_NOTE.test(line))
    .join('\n')
    .trim();

/** Waits for the end of a command, and extends its box as long as that takes. */
async function untilEnded(
  context: Context,
  stack: Stack,
  ssm: SSMClient,
  ec2: EC2Client,
  running: { readonly commandId: string; readonly instanceId: string; readonly expiresAt: string },
): Promise<Outcome> {
  let { expiresAt } = running;
  for (;;) {
    await sleep(LOOK_MS, undefined, { signal: context.interrupted });
    const seen = await look(ssm, running.commandId, running.instanceId);
    if (seen !== undefined && !UNDER_WAY.includes(seen.status)) return seen;
    const state = await stateOf(ec2, running.instanceId);
    if (!['unknown', 'pending', 'running'].includes(state))
      throw new Problem(
        EXIT.unavailable,
        `The box ${running.instanceId} is ${state}: it ended before its work was done.`,
        'Run the command again; `drawbridge audit` shows who ended the box.',
      );
    if (new Date(expiresAt).getTime() - Date.now() < NEAR_END_MS)
      ({ expiresAt } = await extendBox(context, stack, running.instanceId, EXTEND_MINUTES));
  }
}

async function runDocument(
  context: Context,
  stack: Stack,
  box: { readonly instanceId: string; readonly expiresAt: string },
  work: Work,
  progress: Progress,
): Promise<unknown> {
  const [ssm, ec2] = [new SSMClient(clientSettings(context)), new EC2Client(clientSettings(context))];
  try {
    const given = Object.entries(work.parameters).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value]] as [string, string[]]],
    );
    const { Command } = await ssm.send(
      new SendCommandCommand({
        DocumentName: work.document,
        DocumentVersion: '$LATEST',
        InstanceIds: [box.instanceId],
        Parameters: Object.fromEntries(given),
        TimeoutSeconds: DELIVERY_SECONDS,
      }),
    );
    progress(`on ${box.instanceId}`);
    const outcome = await untilEnded(context, stack, ssm, ec2, {
      ...box,
      commandId: Command?.CommandId ?? '',
    });
    const last = outcome.stdout.trim().split('\n').at(-1) ?? '';
    if (outcome.status === 'Success' || last.startsWith('{')) return JSON.parse(last) as unknown;
    const words = wordsOf(outcome.stderr);
    throw new Problem(
      outcome.code > 0 ? outcome.code : EXIT.failed,
      words === '' ? `The command ended with ${outcome.status}, exit code ${outcome.code}.` : words,
    );
  } finally {
    ssm.destroy();
    ec2.destroy();
  }
}

/**
 * Opens a box, has something done on it, and closes the box, whatever happens.
 *
 * @throws Problem with the words and the exit code of the program of the box
 */
export async function onBox<T>(
  context: Context,
  stack: Stack,
  { purpose, reason }: BoxFor,
  use: (run: RunOnBox) => Promise<T>,
): Promise<T> {
  const { ui } = context;
  const cleanup = new Cleanup(ui);
  try {
    const box = await ui.step(
      `Opening a box for ${purpose}`,
      () => openBox(context, stack, { purpose, reason }),
      ({ instanceId }) => `${instanceId} is launched`,
    );
    cleanup.add(`close the box ${box.instanceId}`, () => closeBox(context, stack, box.instanceId));
    await ui.step(
      'Waiting for its agent',
      (progress) => untilOnline(context, box.instanceId, progress),
      () => 'It can be reached',
    );
    return await use((work) =>
      ui.step(work.title, (progress) => runDocument(context, stack, box, work, progress)),
    );
  } finally {
    await ui.step('Closing the box', () => cleanup.run());
  }
}
