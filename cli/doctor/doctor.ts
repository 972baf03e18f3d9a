import { EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { connect as connectTo, createServer } from 'node:net';
import { EXIT } from '../../contract/exit-codes';
import { JUMP_HOST } from '../../contract/tags';
import { clientSettings } from '../aws/settings';
import { findStack, output, type Stack } from '../aws/stack';
import { listBoxes } from '../boxes/list';
import { agentOf } from '../boxes/online';
import { masterCredentials } from '../connect/credentials';
import { Tunnel } from '../connect/tunnel';
import type { Context } from '../framework/command';
import { noRegion } from '../framework/explain';
import { broken, Checks, type Finding, Skip } from './checks';

/** AWS refuses requests that are five minutes off; a machine that drifts is said so before. */
const CLOCK_LIMIT_MS = 60_000;
/** For the database to answer through the tunnel. */
const ANSWER_MS = 10_000;
/** PostgreSQL's SSLRequest, to which it answers with one letter: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Who is signed in, and how far this machine's clock is off, by the date of the answer. */
async function signIn(context: Context): Promise<{ readonly arn: string; readonly offMs: number }> {
  const sts = new STSClient(clientSettings(context));
  let offMs = 0;
  sts.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { headers } = answer.response as { headers?: Record<string, string> };
      if (headers?.date !== undefined) offMs = Date.now() - new Date(headers.date).getTime();
      return answer;
    },
    { step: 'deserialize', name: 'dateOfTheAnswer' },
  );
  try {
    const { Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    return { arn: Arn, offMs };
  } finally {
    sts.destroy();
  }
}

async function regionOf(context: Context): Promise<string> {
  const client = new EC2Client(clientSettings(context));
  try {
    return await client.config.region();
  } catch (error) {
    throw error instanceof Error && /Region is missing/.test(error.message) ? noRegion() : error;
  } finally {
    client.destroy();
  }
}

/** Asks Lambda whether we may, without running anything. */
async function mayInvoke(context: Context, functionName: string): Promise<void> {
  const client = new LambdaClient(clientSettings(context));
  try {
    await client.send(new InvokeCommand({ FunctionName: functionName, InvocationType: 'DryRun' }));
  } finally {
    client.destroy();
  }
}

async function agentFor(context: Context, stack: Stack): Promise<{ message: string; found: string }> {
  const boxes = (await listBoxes(context, stack)).filter(
    ({ state, purpose }) => state === 'running' && (purpose === 'access' || purpose === JUMP_HOST),
  );
  if (boxes.length === 0) throw new Skip('no box runs; `drawbridge open` starts one');
  const ssm = new SSMClient(clientSettings(context));
  try {
    const found = await Promise.all(
      boxes.map(async ({ instanceId }) => ({ instanceId, agent: await agentOf(ssm, instanceId) })),
    );
    const online = found.find(({ agent }) => agent?.status === 'Online');
    if (online !== undefined)
      return {
        message: `${online.instanceId} is online (${online.agent?.version ?? ''})`,
        found: online.instanceId,
      };
    throw broken(
      `The agent of ${boxes.map(({ instanceId }) => instanceId).join(', ')} is not online.`,
      'A fresh box needs half a minute. After that: `drawbridge close` and open another; its console output in EC2 says more.',
    );
  } finally {
    ssm.destroy();
  }
}

/** Sends the first bytes of a client and waits for the server's. */
function answers(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectTo({ host: '127.0.0.1', port });
    const fail = (message: string): void => {
      socket.destroy();
      reject(
        broken(
          message,
          'Look at the database in RDS (`drawbridge status` names it) and at its security group.',
        ),
      );
    };
    socket.setTimeout(ANSWER_MS, () => {
      fail('The database does not answer through the tunnel.');
    });
    socket.once('connect', () => socket.write(SSL_REQUEST));
    socket.once('data', () => {
      socket.destroy();
      resolve();
    });
    socket.once('close', () => {
      fail('The box cannot reach the database.');
    });
    socket.once('error', (error) => {
      fail(`The box cannot reach the database (${error.message}).`);
    });
  });
}

async function throughTunnel(context: Context, stack: Stack, instanceId: string): Promise<void> {
  const tunnel = await Tunnel.open(context, {
    instanceId,
    documentName: output(stack, 'connectDocument'),
    localPort: 0,
  });
  try {
    await answers(tunnel.port);
  } finally {
    await tunnel.close();
  }
}

function canListen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        broken(
          `Port ${port} on 127.0.0.1 cannot be had (${error.code ?? error.message}).`,
          'Choose another with --local-port, or end the program that holds it.',
        ),
      );
    });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => {
        resolve();
      });
    });
  });
}

/** Looks at everything between here and the database, in the order in which it is needed. */
export async function examine(context: Context, localPort: number): Promise<readonly Finding[]> {
  const checks = new Checks(context);
  const region = await checks.look('region', [], async () => {
    const found = await regionOf(context);
    return { message: found, found };
  });
  const me = await checks.look('credentials', [region], async () => {
    const found = await signIn(context);
    return { message: found.arn, found };
  });
  await checks.look('clock', [me], ({ offMs }) => {
    const seconds = Math.round(offMs / 1_000);
    if (Math.abs(offMs) <= CLOCK_LIMIT_MS)
      return Promise.resolve({ message: 'agrees with AWS', found: true });
    throw broken(
      `The clock of this machine is ${Math.abs(seconds)} seconds ${seconds > 0 ? 'fast' : 'slow'}.`,
      'Set it, for example with `timedatectl set-ntp true`: AWS refuses requests that are five minutes off.',
    );
  });
  const stack = await checks.look('stack', [me], async () => {
    const found = await findStack(context);
    output(found, 'createFunction');
    if (!/_(COMPLETE|IN_PROGRESS)$/.test(found.status) || found.status.startsWith('DELETE'))
      throw broken(
        `The stack "${found.name}" is ${found.status}.`,
        'Deploy it again: `npx cdk deploy`; the events of the stack say what failed.',
      );
    return { message: `${found.name}: ${found.status}`, found };
  });
  await checks.look('permission to open boxes', [stack], async (found) => {
    await mayInvoke(context, output(found, 'createFunction'));
    await mayInvoke(context, output(found, 'destroyFunction'));
    return { message: 'the functions may be invoked', found: true };
  });
  await checks.look('permission to log in', [stack], async (found) => {
    const { user } = await masterCredentials(context, found);
    return { message: `the password of ${user} may be read`, found: true };
  });
  await checks.look('local port', [], async () => {
    await canListen(localPort);
    return { message: localPort === 0 ? 'any free one' : `${localPort} is free`, found: true };
  });
  const box = await checks.look('agent', [stack], (found) => agentFor(context, found));
  await checks.look('tunnel to the database', [stack, box] as const, async (found, instanceId) => {
    await throughTunnel(context, found, instanceId);
    return { message: `it answers through ${instanceId}`, found: true };
  });
  return checks.findings;
}

/** The exit code for what was found. */
export const exitCodeOf = (findings: readonly Finding[]): number =>
  findings.some(({ status }) => status === 'broken') ? EXIT.failed : EXIT.ok;
