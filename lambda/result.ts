import type { BoxResult } from '../contract/events';
import { INTAKE_USER } from '../contract/intake';
import type { Box } from './boxes';
import type { CreateEnvironment } from './environment';

type Where = Pick<
  CreateEnvironment,
  'region' | 'databaseHost' | 'databasePort' | 'shellDocument' | 'connectDocument' | 'intakeDocument'
>;

/** Commands for a shell, by what they do. Only what the box's purpose allows. */
export function connectCommands(
  box: Pick<Box, 'instanceId' | 'purpose'>,
  where: Where,
): Record<string, string> {
  const session = `aws ssm start-session --region ${where.region} --target ${box.instanceId}`;
  if (box.purpose === 'intake') return intakeCommands(box.instanceId, session, where);
  const port = where.databasePort;
  if (box.purpose !== 'access' || where.databaseHost === undefined || port === undefined)
    return { shell: session };
  const { databaseHost, shellDocument, connectDocument } = where;
  return {
    shell: shellDocument === undefined ? session : `${session} --document-name ${shellDocument}`,
    database:
      connectDocument === undefined
        ? // One quoted word without braces: it survives sh, PowerShell and cmd alike.
          `${session} --document-name AWS-StartPortForwardingSessionToRemoteHost ` +
          `--parameters "host=${databaseHost},portNumber=${port},localPortNumber=${port}"`
        : `${session} --document-name ${connectDocument} --parameters localPortNumber=${port}`,
  };
}

/** An intake box has no shell: a key that lives for a minute, then SSH through the session. */
function intakeCommands(instanceId: string, session: string, where: Where): Record<string, string> {
  if (where.intakeDocument === undefined) return {};
  return {
    key:
      `aws ec2-instance-connect send-ssh-public-key --region ${where.region} --instance-id ${instanceId} ` +
      `--instance-os-user ${INTAKE_USER} --ssh-public-key file://key.pub`,
    tar:
      `tar c FILES | ssh -i key -o "ProxyCommand=${session} --document-name ${where.intakeDocument}" ` +
      `-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ${INTAKE_USER}@${instanceId} tar`,
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
    ...(box.purpose === 'intake' && where.intakeDocument !== undefined
      ? { intakeDocument: where.intakeDocument }
      : {}),
    connect: connectCommands(box, where),
  };
}
