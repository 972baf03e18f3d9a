import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import { emulatorAccess } from '../clients';
import { putEmbedded } from '../cloudwatch/metrics';
import type { LabContext } from '../context';
import { logGroupOf } from './environment';
import type { DeployedFunction } from './functions';

/** One line of a function's log. */
export interface LogLine {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly message: string;
}

const ignoreExisting = (error: unknown): void => {
  if (!(error instanceof ResourceAlreadyExistsException)) throw error;
};

/**
 * Writes the lines of one execution to CloudWatch Logs, as Lambda does. Only a function without a log group of its own
 * gets `/aws/lambda/<name>` made for it; what an already deleted group would have held is noted in the lab's log.
 */
export async function writeLogs(
  context: LabContext,
  deployed: DeployedFunction,
  logStreamName: string,
  lines: readonly LogLine[],
): Promise<void> {
  const logGroupName = logGroupOf(deployed);
  const logs = new CloudWatchLogsClient(emulatorAccess(context, deployed.region));
  try {
    if (deployed.logGroup === undefined) {
      await logs.send(new CreateLogGroupCommand({ logGroupName })).catch(ignoreExisting);
    }
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName })).catch(ignoreExisting);
    const logEvents = lines.filter(({ message }) => message !== '').map((line) => ({ ...line }));
    await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    await putEmbedded(
      context,
      deployed.region,
      lines.map(({ message }) => message),
    );
  } catch (error) {
    context.log(`lambda: the log of ${deployed.name} could not be written: ${String(error)}`);
  } finally {
    logs.destroy();
  }
}

/** The last 4 KB of a log, base64, as `X-Amz-Log-Result` carries it. */
export function logTail(lines: readonly LogLine[]): string {
  const text = Buffer.from(lines.map(({ message }) => `${message}\n`).join(''));
  return text.subarray(Math.max(0, text.length - 4096)).toString('base64');
}
