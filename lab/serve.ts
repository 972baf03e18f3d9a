/**
 * The lab's one long-running process: `tsx lab/serve.ts --id <id> [--keep]`, started by `start.ts`.
 *
 * Prints one line of JSON, its record, when it is ready. Ends on SIGTERM and SIGINT and, unless it is kept, when its
 * standard input closes, so that it never outlives whoever started it.
 */
import { appendFileSync, openSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cloudFormation } from './cloudformation/extension';
import { tellRules } from './cloudtrail/rules';
import { trailOf } from './cloudtrail/trail';
import type { LabContext } from './context';
import { labControl } from './control';
import { labDirectory, labFiles, removeLab, writeRecord, type LabRecord } from './directory';
import type { Extension } from './endpoint/extension';
import { startEndpoint } from './endpoint/server';
import { ACCOUNT, labEnvironment, REGION, writeConfiguration } from './environment';
import { EXTENSIONS } from './extensions';
import { prepareEmulator, startEmulator } from './moto';
import { labProcessesOf } from './processes';
import { dataChannels } from './ssm/data-channels';

const { values } = parseArgs({
  options: { id: { type: 'string' }, keep: { type: 'boolean', default: false } },
});
const id = values.id ?? '';
if (!/^[0-9a-z-]+$/.test(id))
  throw new Error('usage: serve.ts --id <id> [--keep]; start.ts makes the directory.');
const directory = labDirectory(id);
const files = labFiles(id);
const processes = labProcessesOf(id);
const closers: (() => Promise<void>)[] = [];

function log(line: string): void {
  appendFileSync(files.log, `${new Date().toISOString()} ${line}\n`);
}

let stopping: Promise<void> | undefined;

async function close(): Promise<void> {
  for (const closer of closers.reverse()) {
    await closer().catch((error: unknown) => {
      log(`stop: ${String(error)}`);
    });
  }
  await removeLab(id);
}

/** Ends the lab, whoever asks and however often. */
function stop(code: number): void {
  stopping ??= close().then(
    () => process.exit(code),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}

async function makeTools(aws: string | undefined): Promise<void> {
  await mkdir(join(directory, 'bin'));
  await mkdir(join(directory, 'aws'));
  if (aws !== undefined) await symlink(aws, join(directory, 'bin', 'aws'));
  writeConfiguration(directory);
}

async function serve(): Promise<void> {
  const emulator = await prepareEmulator(log);
  await makeTools(emulator.aws);
  const emulatorUrl = await startEmulator(emulator, processes, openSync(files.emulatorLog, 'a'));
  const endpoint = await startEndpoint({ emulator: emulatorUrl, log });
  closers.push(() => endpoint.stop());
  Object.assign(process.env, labEnvironment(endpoint.url, directory));
  const context: LabContext = {
    id,
    directory,
    endpoint: endpoint.url,
    emulator: emulatorUrl,
    account: ACCOUNT,
    processes,
    log,
  };
  const formation = cloudFormation(context);
  endpoint.addPath(formation.answerCustomResource);
  endpoint.addPath(labControl(context, endpoint));
  endpoint.addUpgrade(dataChannels(context));
  endpoint.listen((call, reply, from) => {
    tellRules(context, trailOf(context).record(call, reply, from));
  });
  const extensions: Extension[] = [formation.extension, ...EXTENSIONS.map((make) => make(context))];
  for (const extension of extensions) {
    endpoint.add(extension);
    closers.push(() => extension.stop?.() ?? Promise.resolve());
  }
  const record: LabRecord = {
    id,
    pid: process.pid,
    state: 'serving',
    keep: values.keep,
    endpoint: endpoint.url,
    account: ACCOUNT,
    region: REGION,
    files,
  };
  await writeRecord(record);
  process.stdout.write(`${JSON.stringify(record)}\n`);
}

process.on('SIGTERM', () => {
  stop(0);
});
process.on('SIGINT', () => {
  stop(0);
});
if (!values.keep) {
  process.stdin.resume().once('close', () => {
    stop(0);
  });
}
serve().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  stop(1);
});
