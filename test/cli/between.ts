import { startEndpoint } from '../../lab/endpoint/server';
import type { AwsFault } from '../../lab/endpoint/fault';
import type { Interceptor } from '../../lab/endpoint/extension';

/** What the command line calls. */
const SERVICES = ['cloudformation', 'ec2', 'lambda', 'secretsmanager', 'ssm', 'sts'];

/** What is wrong on the way. */
export interface Wrongs {
  /** Answers in place of the lab's, by `service.Operation`: what IAM would say, which the lab does not have. */
  readonly refuse?: Readonly<Record<string, AwsFault>>;
  /** How far the clock of AWS is ahead of this machine's, in milliseconds, as the dates of its answers tell. */
  readonly aheadMs?: number;
}

/** A server between one run of the command line and the lab. */
export interface Between {
  readonly environment: { readonly AWS_ENDPOINT_URL: string };
  stop(): Promise<void>;
}

/** Starts one, on a free port. */
export async function startBetween(endpoint: string, { refuse = {}, aheadMs = 0 }: Wrongs): Promise<Between> {
  const between = await startEndpoint({
    emulator: endpoint,
    log: (line) => void process.stderr.write(`${line}\n`),
  });
  const interceptor: Interceptor = async (call, forward) => {
    const fault = refuse[`${call.service}.${call.operation}`];
    if (fault !== undefined) throw fault;
    // Under the lab's own name: it tells clients where to go on by what they called it.
    const reply = await forward({ ...call, headers: { ...call.headers, host: new URL(endpoint).host } });
    return { ...reply, headers: { ...reply.headers, date: new Date(Date.now() + aheadMs).toUTCString() } };
  };
  for (const service of SERVICES) between.add({ service, operations: { '*': interceptor } });
  return { environment: { AWS_ENDPOINT_URL: between.url }, stop: () => between.stop() };
}
