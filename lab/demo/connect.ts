import { join } from 'node:path';
import { type Door, openDoor } from '../network/door';
import { layLine, Namespace, whyNoNamespaces } from '../network/namespace';
import { type Ended, runWithin } from '../network/run-within';
import { LAB_VARIABLE, labProcessesOf } from '../processes';
import type { RunningLab } from '../start';
import type { Outputs } from './outputs';
import type { Timeline } from './timeline';

const PROGRAM = join(__dirname, '..', '..', 'bin', 'drawbridge.mjs');
const QUESTION = 'select count(*) from shop."order"';

/** What `drawbridge connect` calls: the stack, boxes, sessions, the password. */
const SERVICES = ['autoscaling', 'cloudformation', 'ec2', 'lambda', 'secretsmanager', 'ssm', 'sts'];

/** An operator's machine on another network: AWS is within reach, the database is not. */
class Laptop {
  private constructor(
    private readonly lab: RunningLab,
    private readonly space: Namespace,
    private readonly door: Door,
  ) {}

  static async make(lab: RunningLab): Promise<Laptop> {
    const space = await Namespace.make(labProcessesOf(lab.id));
    try {
      const { here: address } = layLine(space);
      const door = await openDoor({ endpoint: lab.endpoint, address, services: SERVICES });
      return new Laptop(lab, space, door);
    } catch (error) {
      await space.end();
      throw error;
    }
  }

  run(words: readonly string[]): Promise<Ended> {
    const { PATH = '', HOME = '' } = process.env;
    const environment = {
      ...{ PATH, HOME, [LAB_VARIABLE]: this.lab.id, NODE_NO_WARNINGS: '1' },
      ...{ ...this.lab.environment, AWS_ENDPOINT_URL: this.door.url },
    };
    return runWithin(words, { space: this.space, directory: this.lab.directory, environment });
  }

  async end(): Promise<void> {
    await this.door.stop();
    await this.space.end();
  }
}

/** The `select` without a tunnel; throws when it is answered. */
async function without(laptop: Laptop, outputs: Outputs): Promise<string> {
  const { DatabaseEndpoint: host, DatabasePort: port, DatabaseName: dbname } = outputs;
  const { code, stderr } = await laptop.run([
    'psql',
    `host=${host} port=${port} dbname=${dbname}`,
    '-c',
    QUESTION,
  ]);
  if (code === 0) throw new Error('The database answered without a tunnel.');
  return stderr.trim().split('\n')[0] ?? '';
}

/** The same through a box. */
async function through(laptop: Laptop, box: string): Promise<string> {
  const words = ['connect', '--box', box, '--', 'psql', '--no-psqlrc', '-Atc', QUESTION];
  const { code, stdout, stderr } = await laptop.run([process.execPath, PROGRAM, ...words]);
  if (code !== 0) throw new Error(`drawbridge connect ended with ${String(code)}:\n${stderr}`);
  return `${stdout.trim()} orders`;
}

/**
 * The database from a machine on another network, by `drawbridge connect` and without it. Where this machine cannot make a
 * network, a sentence says why.
 */
export async function connectFromElsewhere(
  lab: RunningLab,
  outputs: Outputs,
  box: string,
  timeline: Timeline,
): Promise<void> {
  const lacking = whyNoNamespaces();
  if (lacking !== undefined) {
    timeline.say(`    Left out: the database from an operator's own network: ${lacking}`);
    return;
  }
  const laptop = await Laptop.make(lab);
  try {
    await timeline.step(`An operator elsewhere asks the database: psql -c '${QUESTION}'`, () =>
      without(laptop, outputs),
    );
    await timeline.step('The same through the box: drawbridge connect -- psql', () => through(laptop, box));
  } finally {
    await laptop.end();
  }
}
