import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import type { LabContext } from '../context';
import { onePerLab } from '../one-per-lab';
import type { Box } from '../ec2/box';
import { boxesOf, type Boxes } from '../ec2/boxes';
import { moveBelow } from '../ec2/paths';
import type { AwsCall } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import { openSession, type LabSession, type LabSessionOptions, type ShellProcess } from '../session';
import { Documents, type SsmDocument } from './documents';
import { pageOf } from './paging';
import { checkParameters, interpolate, type CheckedParameters } from './parameters';

type Input = Readonly<Record<string, unknown>>;

const startInput = z.object({
  Target: z.string(),
  DocumentName: z.string().default('SSM-SessionManagerRunShell'),
  Reason: z.string().optional(),
  Parameters: z.record(z.string(), z.array(z.string())).default({}),
});

interface SessionRecord {
  readonly SessionId: string;
  readonly Target: string;
  readonly DocumentName: string;
  readonly Reason: string | undefined;
  readonly StartDate: number;
  readonly Owner: string;
  Status: 'Connected' | 'Terminated';
  EndDate: number | undefined;
  readonly open: LabSession;
}

/** Properties of a document with the parameters filled in, wherever they stand in it. */
function fillIn(value: unknown, document: SsmDocument, values: CheckedParameters): unknown {
  if (typeof value === 'string') return interpolate(value, document.content.parameters, values);
  if (Array.isArray(value)) return value.map((one) => fillIn(one, document, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillIn(one, document, values)]));
}

const minutes = (value: unknown): number | undefined =>
  typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;

/** The shell of a box; InteractiveCommands run the document's commands instead. */
function spawnShell(box: Box, properties: Readonly<Record<string, unknown>>): ShellProcess {
  const linux = properties.linux as { readonly commands?: string } | undefined;
  const words =
    linux?.commands === undefined ? ['bash', '-i'] : ['sh', '-c', moveBelow(box.root, linux.commands)];
  const home = join(box.root, 'home/ec2-user');
  const directory = existsSync(home) ? home : box.root;
  return { child: box.spawn(words, { directory, input: true, environment: { TERM: 'xterm-256color' } }) };
}

/**
 * The address of a session for a client that has called `host`: the lab's one address, whichever way leads there. Path and query
 * are AWS's.
 */
function streamUrlAt(host: string | undefined, streamUrl: string): string {
  const { host: own, pathname, search } = new URL(streamUrl);
  return `ws://${host ?? own}${pathname}${search}`;
}

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** The agent's connections: to the box's own services where they are on this machine, to anything else as this machine does. */
function dial(box: Box, host: string, port: number): Socket {
  const own = LOOPBACK.includes(host) ? box.portFor(port) : undefined;
  return own === undefined ? connect({ host, port }) : connect({ host: '127.0.0.1', port: own });
}

const describeSession = (record: SessionRecord): unknown => ({ ...record, open: undefined });

/** Session Manager: sessions to boxes, with a data channel that a real client speaks to. */
export class Sessions {
  private readonly boxes: Boxes;
  private readonly documents: Documents;
  private readonly sessions = new Map<string, SessionRecord>();

  constructor(private readonly context: LabContext) {
    this.boxes = boxesOf(context);
    this.documents = new Documents(context);
  }

  /** @throws AwsFault `TargetNotConnected`, `InvalidDocument`, `InvalidParameters` */
  async start({ region, input, headers }: AwsCall): Promise<unknown> {
    const parsed = startInput.safeParse(input);
    if (!parsed.success) throw new AwsFault('ValidationException', parsed.error.message);
    const { Target, DocumentName, Reason, Parameters } = parsed.data;
    const document = await this.documents.get(region, DocumentName, undefined, 'Session');
    const values = checkParameters(document.content.parameters, Parameters);
    const box = this.boxes.get(Target);
    if (box?.isOnline !== true || box.options.region !== region) {
      throw new AwsFault('TargetNotConnected', `${Target} is not connected.`);
    }
    const SessionId = `testing-${randomBytes(9).toString('hex').slice(0, 17)}`;
    const token = `${randomUUID()}${randomUUID()}`;
    const open = await openSession(this.options(box, document, values, SessionId, token));
    const record: SessionRecord = {
      SessionId,
      Target,
      DocumentName,
      Reason,
      StartDate: Date.now() / 1000,
      Owner: `arn:aws:iam::${this.context.account}:root`,
      Status: 'Connected',
      EndDate: undefined,
      open,
    };
    this.sessions.set(SessionId, record);
    const forget = box.onGoingDown(() => {
      open.vanish();
    });
    void open.ended.then(() => {
      forget();
      record.Status = 'Terminated';
      record.EndDate = Date.now() / 1000;
    });
    return { SessionId, StreamUrl: streamUrlAt(headers.host, open.streamUrl), TokenValue: token };
  }

  resume({ input, headers }: AwsCall): unknown {
    const record = this.find(input);
    const token = record.open.resume();
    // A session that is over comes back without a token.
    const StreamUrl = streamUrlAt(headers.host, record.open.streamUrl);
    return { SessionId: record.SessionId, StreamUrl, TokenValue: token };
  }

  /** Where the data channel of a session is on this machine; undefined when there is no such session. */
  streamUrlOf(sessionId: string): string | undefined {
    return this.sessions.get(sessionId)?.open.streamUrl;
  }

  async terminate(input: Input): Promise<unknown> {
    const record = this.find(input);
    await record.open.close();
    return { SessionId: record.SessionId };
  }

  describe(input: Input): unknown {
    const state = input.State === 'History' ? 'Terminated' : 'Connected';
    const filters = (input.Filters ?? []) as readonly { key: string; value: string }[];
    const found = [...this.sessions.values()].filter(
      (record) =>
        record.Status === state &&
        filters.every(({ key, value }) => {
          if (key === 'Target') return record.Target === value;
          if (key === 'SessionId') return record.SessionId === value;
          if (key === 'Owner') return record.Owner === value;
          if (key === 'Status') return record.Status === value;
          throw new AwsFault('InvalidFilterKey', `The lab does not know the filter key "${key}".`);
        }),
    );
    const { items, NextToken } = pageOf(found, input, 200);
    return { Sessions: items.map(describeSession), NextToken };
  }

  async close(): Promise<void> {
    await Promise.all([...this.sessions.values()].map(({ open }) => open.close()));
  }

  private find(input: Input): SessionRecord {
    const found = this.sessions.get(String(input.SessionId));
    if (found !== undefined) return found;
    throw new AwsFault('DoesNotExistException', `Session ${String(input.SessionId)} does not exist.`);
  }

  private options(
    box: Box,
    document: SsmDocument,
    values: CheckedParameters,
    sessionId: string,
    token: string,
  ): LabSessionOptions {
    const { sessionType = 'Standard_Stream', inputs } = document.content;
    const properties = fillIn(document.content.properties ?? {}, document, values) as Record<string, unknown>;
    const idleMinutes = minutes(inputs.idleSessionTimeout);
    const maxMinutes = minutes(inputs.maxSessionDuration);
    return {
      sessionId,
      target: box.options.instanceId,
      token,
      sessionType,
      properties,
      spawnShell: () => spawnShell(box, properties),
      dial: (host, port) => dial(box, host, port),
      ...(idleMinutes === undefined ? {} : { idleMinutes }),
      ...(maxMinutes === undefined ? {} : { maxMinutes }),
      log: (line) => {
        this.context.log(`session ${sessionId}: ${line}`);
      },
    };
  }
}

/** The sessions of a lab: Systems Manager starts them, its endpoint carries their data channels. */
export const sessionsOf = onePerLab((context) => new Sessions(context));
