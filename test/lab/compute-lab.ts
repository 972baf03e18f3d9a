import { randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { trailOf } from '../../lab/cloudtrail/trail';
import type { LabContext } from '../../lab/context';
import { labControl } from '../../lab/control';
import { labDirectory, labFiles, makeDirectory, removeLab } from '../../lab/directory';
import { startEndpoint } from '../../lab/endpoint/server';
import { ACCOUNT, REGION } from '../../lab/environment';
import { EXTENSIONS } from '../../lab/extensions';
import { prepareEmulator, startEmulator } from '../../lab/moto';
import { labProcessesOf } from '../../lab/processes';
import { dataChannels } from '../../lab/ssm/data-channels';

/** The emulator, the endpoint and its extensions inside this process, so that a test sees them end. */
export interface ComputeLab {
  readonly context: LabContext;
  /** Settings of an SDK client that speaks to the lab. */
  readonly access: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** Lines of the lab's log. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** Starts a lab without CloudFormation. */
export async function startComputeLab(): Promise<ComputeLab> {
  const id = `test-${randomBytes(4).toString('hex')}`;
  const directory = labDirectory(id);
  const log: string[] = [];
  await makeDirectory(id);
  const processes = labProcessesOf(id);
  const closers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.reverse()) await close();
    await removeLab(id);
  };
  try {
    const emulator = await prepareEmulator((line) => log.push(line));
    await mkdir(join(directory, 'bin'));
    if (emulator.aws !== undefined) await symlink(emulator.aws, join(directory, 'bin', 'aws'));
    const url = await startEmulator(emulator, processes, openSync(labFiles(id).emulatorLog, 'a'));
    const endpoint = await startEndpoint({ emulator: url, log: (line) => log.push(line) });
    closers.push(() => endpoint.stop());
    const context: LabContext = {
      id,
      directory,
      endpoint: endpoint.url,
      emulator: url,
      account: ACCOUNT,
      processes,
      log: (line) => log.push(line),
    };
    endpoint.addPath(labControl(context, endpoint));
    endpoint.addUpgrade(dataChannels(context));
    endpoint.listen((call, reply, from) => {
      void trailOf(context).record(call, reply, from);
    });
    for (const make of EXTENSIONS) {
      const extension = make(context);
      endpoint.add(extension);
      closers.push(() => extension.stop?.() ?? Promise.resolve());
    }
    const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };
    return { context, log, stop, access: { endpoint: endpoint.url, region: REGION, credentials } };
  } catch (error) {
    await stop();
    throw error;
  }
}
