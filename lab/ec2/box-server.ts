import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metadata } from './metadata';
import { failed, type StandIn, type StandInCall } from './stand-ins';

/** Path at which a box's stand-ins talk to the lab; the rest of the address is the metadata service. */
const CONTROL = '/.lab/stand-in';

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** The one address of a box: its metadata service, and what its stand-ins ask. */
export class BoxServer {
  private constructor(
    private readonly server: Server,
    private readonly log: (line: string) => void,
  ) {}

  /** Starts on a free port of 127.0.0.1. */
  static async start(log: (line: string) => void): Promise<BoxServer> {
    const server = createServer({ requestTimeout: 0 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return new BoxServer(server, log);
  }

  get metadataUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get controlUrl(): string {
    return this.metadataUrl + CONTROL;
  }

  serve(metadata: Metadata, standIns: Readonly<Record<string, StandIn>>): void {
    this.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const answer =
        request.url === CONTROL
          ? this.answerStandIn(request, response, standIns)
          : metadata.handle(request, response);
      answer.catch((error: unknown) => {
        this.log(`box: ${request.url ?? ''}: ${String(error)}`);
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
    });
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    this.server.closeAllConnections();
    await closed;
  }

  private async answerStandIn(
    request: IncomingMessage,
    response: ServerResponse,
    standIns: Readonly<Record<string, StandIn>>,
  ): Promise<void> {
    const call = JSON.parse(await readBody(request)) as StandInCall;
    const standIn = standIns[call.program];
    const reply =
      standIn === undefined
        ? failed(`The lab has no stand-in for ${call.program}.`, 127)
        : await standIn(call.args, call);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
  }
}
