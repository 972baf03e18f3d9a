import { XMLParser } from 'fast-xml-parser';
import type { LabContext } from '../context';
import { withInput } from '../endpoint/call';
import type { AwsCall, AwsReply, Extension, Forward } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import { withFaults } from '../faults';
import { DbInstances } from './instances';

const parser = new XMLParser({ parseTagValue: false });

const textOf = (call: AwsCall, name: string): string | undefined => {
  const value = call.input[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** Path of elements to the text at its end; undefined when one is missing. */
function read(xml: Buffer | string, ...path: readonly string[]): string | undefined {
  let value: unknown = parser.parse(xml);
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'string' ? value : undefined;
}

/** Puts the real address and port of its server into each DB instance of an answer. */
function withEndpoints(instances: DbInstances, reply: AwsReply): AwsReply {
  const text = reply.body.toString().replace(/<DBInstance>.*?<\/DBInstance>/gs, (block) => {
    const server = instances.get(read(block, 'DBInstance', 'DBInstanceIdentifier') ?? '');
    if (server === undefined) return block;
    const endpoint = `<Endpoint><Address>${server.address}</Address><Port>${server.port}</Port></Endpoint>`;
    return block.replace(/<Endpoint>.*?<\/Endpoint>/s, endpoint);
  });
  return { ...reply, body: Buffer.from(text) };
}

/** Undoes the record of an instance whose server did not start. */
async function forget(call: AwsCall, forward: Forward, identifier: string): Promise<void> {
  const { Version } = call.input;
  const input = {
    Action: 'DeleteDBInstance',
    Version,
    DBInstanceIdentifier: identifier,
    SkipFinalSnapshot: 'true',
  };
  await forward({ ...withInput(call, input), operation: 'DeleteDBInstance' });
}

async function create(instances: DbInstances, call: AwsCall, forward: Forward): Promise<AwsReply> {
  // An instance of a cluster has no server of its own to speak of; the lab has no clusters.
  if (call.input.DBClusterIdentifier !== undefined) {
    throw new AwsFault('InvalidParameterValue', "The lab's RDS runs single instances, no clusters.");
  }
  const engine = textOf(call, 'Engine') ?? '';
  const engineVersion = textOf(call, 'EngineVersion');
  const database = textOf(call, 'DBName');
  instances.refuseUnknown(engine, engineVersion, database);
  const reply = await forward(call);
  if (reply.status !== 200) return reply;
  const at = ['CreateDBInstanceResponse', 'CreateDBInstanceResult', 'DBInstance'];
  const identifier = read(reply.body, ...at, 'DBInstanceIdentifier') ?? '';
  const secretArn = read(reply.body, ...at, 'MasterUserSecret', 'SecretArn');
  const username = textOf(call, 'MasterUsername') ?? 'postgres';
  try {
    const password =
      secretArn === undefined
        ? (textOf(call, 'MasterUserPassword') ?? '')
        : await instances.managedPassword(call.region, secretArn, username);
    await instances.create({ identifier, engine, engineVersion, database, master: { username, password } });
  } catch (error) {
    await forget(call, forward, identifier);
    throw error;
  }
  return withEndpoints(instances, reply);
}

async function modify(instances: DbInstances, call: AwsCall, forward: Forward): Promise<AwsReply> {
  const reply = await forward(call);
  const password = textOf(call, 'MasterUserPassword');
  if (reply.status !== 200) return reply;
  const at = ['ModifyDBInstanceResponse', 'ModifyDBInstanceResult', 'DBInstance'];
  const username = read(reply.body, ...at, 'MasterUsername') ?? '';
  if (password !== undefined)
    instances.setPassword(textOf(call, 'DBInstanceIdentifier') ?? '', username, password);
  return withEndpoints(instances, reply);
}

async function remove(instances: DbInstances, call: AwsCall, forward: Forward): Promise<AwsReply> {
  const skips = textOf(call, 'SkipFinalSnapshot') === 'true';
  if (!skips && textOf(call, 'FinalDBSnapshotIdentifier') === undefined) {
    throw new AwsFault(
      'InvalidParameterCombination',
      'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
    );
  }
  const reply = await forward(call);
  if (reply.status !== 200) return reply;
  const rewritten = withEndpoints(instances, reply);
  await instances.delete(textOf(call, 'DBInstanceIdentifier') ?? '');
  return rewritten;
}

const refuse = (what: string) => (): Promise<AwsReply> =>
  Promise.reject(new AwsFault('InvalidDBInstanceState', `The lab's RDS cannot ${what} an instance.`));

/** RDS for PostgreSQL and MariaDB: the emulator's records, and behind each instance a real server with RDS's restrictions. */
export function rdsExtension(context: LabContext): Extension {
  const instances = new DbInstances(context);
  const described = async (call: AwsCall, forward: Forward): Promise<AwsReply> =>
    withEndpoints(instances, await forward(call));
  return withFaults(context, {
    service: 'rds',
    operations: {
      CreateDBInstance: (call, forward) => create(instances, call, forward),
      DescribeDBInstances: described,
      ModifyDBInstance: (call, forward) => modify(instances, call, forward),
      DeleteDBInstance: (call, forward) => remove(instances, call, forward),
      StopDBInstance: refuse('stop'),
      StartDBInstance: refuse('start'),
      RebootDBInstance: refuse('reboot'),
    },
    stop: () => instances.close(),
  });
}
