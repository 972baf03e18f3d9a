import type { BoxResult } from '../contract/events';
import type { Box } from './boxes';
import type { CreateEnvironment } from './environment';

type Where = Pick<CreateEnvironment, 'region' | 'databaseHost' | 'databasePort'>;

/** Commands for a shell, by what they do. Only what the box's purpose allows. */
export function connectCommands(
  box: Pick<Box, 'instanceId' | 'purpose'>,
  where: Where,
): Record<string, string> {
  const session = `aws ssm start-session --region ${where.region} --target ${box.instanceId}`;
  if (box.purpose !== 'access') return { shell: session };
  const port = where.databasePort;
  return {
    shell: session,
    // One quoted word without braces: it survives sh, PowerShell and cmd alike.
    database:
      `${session} --document-name AWS-StartPortForwardingSessionToRemoteHost ` +
      `--parameters "host=${where.databaseHost},portNumber=${port},localPortNumber=${port}"`,
  };
}

/** What create and extend answer. */
export function boxResult(box: Box, expiresAt: string, existing: boolean, where: Where): BoxResult {
  return {
    instanceId: box.instanceId,
    purpose: box.purpose,
    state: box.state,
    expiresAt,
    requestId: box.requestId ?? '',
    existing,
    connect: connectCommands(box, where),
  };
}
