import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { Clock } from './clock';
import { log, reasonOf } from './log';

/** CloudFormation refuses a longer answer. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html */
const MAX_BYTES = 4096;
/** The answer is tried so often; with the waits between, all attempts together take at most {@link ANSWER_RESERVE_MS}. */
const ATTEMPT_TIMEOUT_MS = 5_000;
const WAITS_MS = [0, 1_000, 2_000, 4_000];

/** Time that answering may take: 4 attempts of 5 s and the waits between them, milliseconds. */
export const ANSWER_RESERVE_MS = 28_000;

/**
 * Does the work of a custom resource and tells CloudFormation how it went. Whatever happens there is an answer: without
 * one the stack would hang for an hour.
 *
 * @param work - resolves when the resource is as it should be
 * @param remainingMs - time left of the invocation; work that has not ended when the reserve begins counts as failed
 * @throws when CloudFormation could not be reached; Lambda then repeats the event
 */
export async function answerCloudFormation(
  event: CloudFormationCustomResourceEvent,
  remainingMs: number,
  clock: Clock,
  work: () => Promise<void>,
): Promise<void> {
  let failure: string | undefined;
  try {
    await beforeTimeout(work, remainingMs - ANSWER_RESERVE_MS);
  } catch (error) {
    failure = reasonOf(error);
  }
  log('answering', {
    requestType: event.RequestType,
    status: failure === undefined ? 'SUCCESS' : 'FAILED',
    reason: failure,
  });
  await put(event.ResponseURL, body(event, failure), clock);
}

async function beforeTimeout(work: () => Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        reject(new Error('The function ran out of time while it waited for AWS. Delete the stack again.'));
      },
      Math.max(0, milliseconds),
    );
  });
  try {
    await Promise.race([work(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function body(event: CloudFormationCustomResourceEvent, failure: string | undefined): string {
  const answer = (reason: string): string =>
    JSON.stringify({
      Status: failure === undefined ? 'SUCCESS' : 'FAILED',
      Reason: reason,
      // Stable: another id would make CloudFormation replace the resource, and so drain, on an update.
      PhysicalResourceId: 'PhysicalResourceId' in event ? event.PhysicalResourceId : event.LogicalResourceId,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    });
  let reason = failure ?? 'Done.';
  while (Buffer.byteLength(answer(reason)) > MAX_BYTES) reason = `${reason.slice(0, -32)}…`;
  return answer(reason);
}

async function put(url: string, answer: string, clock: Clock): Promise<void> {
  let problem = '';
  for (const waitMs of WAITS_MS) {
    if (waitMs > 0) await clock.sleep(waitMs);
    try {
      const response = await fetch(url, {
        method: 'PUT',
        // The presigned address is signed for no content type.
        headers: { 'content-type': '' },
        body: answer,
        signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
      });
      if (response.ok) return;
      problem = `HTTP status ${response.status}`;
    } catch (error) {
      problem = reasonOf(error);
    }
    log('answer not taken', { problem });
  }
  throw new Error(`CloudFormation did not take the answer after ${WAITS_MS.length} attempts: ${problem}`);
}
