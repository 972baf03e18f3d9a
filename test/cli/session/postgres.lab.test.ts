import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { forwardPort, openSession, type Forward, type Session } from '../../../cli/session/index';
import { openSession as openLab, type LabSession } from '../../../lab/session/index';
import { startCluster, type Cluster } from '../../../lab/rds/cluster';

const CONNECTIONS = 50;
/** Rows and text of each connection: about 300 kB, told apart by the number of the connection. */
const QUERY =
  'select $1::int as who, n, repeat(chr(97 + ($1::int % 26)), 100) as text from generate_series(1, 3000) n';

describe('PostgreSQL through a forwarded port', () => {
  let directory: string;
  let cluster: Cluster;
  let lab: LabSession;
  let session: Session;
  let forward: Forward;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'pg-'));
    // The server does not run as root, and must get through.
    chmodSync(directory, 0o711);
    cluster = await startCluster({ directory: join(directory, 'cluster') });
    lab = await openLab({
      sessionId: 'operator-1',
      token: 'token',
      sessionType: 'Port',
      properties: { host: cluster.host, portNumber: String(cluster.port), type: 'LocalPortForwarding' },
    });
    session = await openSession({
      sessionId: 'operator-1',
      streamUrl: lab.streamUrl,
      token: 'token',
      resume: () => {
        const token = lab.resume();
        return Promise.resolve(token === undefined ? undefined : { token });
      },
    });
    forward = await forwardPort(session);
  });

  afterAll(async () => {
    await forward.close();
    await session.terminate();
    await lab.close();
    await cluster.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const client = (): Client =>
    new Client({
      host: '127.0.0.1',
      port: forward.port,
      user: cluster.master.username,
      password: cluster.master.password,
      database: cluster.database,
      ssl: { rejectUnauthorized: false },
    });

  it(`serves ${CONNECTIONS} connections at once, each its own rows, also when the line is cut in between`, async () => {
    const clients = Array.from({ length: CONNECTIONS }, client);
    try {
      await Promise.all(clients.map((one) => one.connect()));
      expect(forward.connections).toBe(CONNECTIONS);
      const answers = clients.map(async (one, who) => {
        const { rows } = await one.query<{ who: number; n: number; text: string }>(QUERY, [who]);
        const letter = String.fromCharCode(97 + (who % 26));
        return (
          rows.length === 3_000 &&
          rows.every((row, at) => row.who === who && row.n === at + 1 && row.text === letter.repeat(100))
        );
      });
      lab.cut();
      expect(await Promise.all(answers)).toEqual(Array(CONNECTIONS).fill(true));
    } finally {
      await Promise.all(clients.map((one) => one.end()));
    }
  });

  it('serves psql, which checks the server by the name that it has behind the tunnel', async () => {
    const { stdout } = await promisify(execFile)(
      join(cluster.bin, 'psql'),
      ['-XqAt', '-c', 'select sum(n) from generate_series(1, 1000) n'],
      {
        env: {
          ...cluster.masterEnvironment,
          PGPORT: String(forward.port),
          PGHOSTADDR: '127.0.0.1',
          PGDATABASE: cluster.database,
        },
      },
    );
    expect(stdout.trim()).toBe('500500');
  });

  it('costs nothing while nobody speaks: no message, hardly any time', async () => {
    const clients = Array.from({ length: CONNECTIONS }, client);
    await Promise.all(clients.map((one) => one.connect()));
    while (session.waitingMs > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const sent = jest.spyOn(session, 'send');
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { user, system } = process.cpuUsage(before);
    expect(sent).not.toHaveBeenCalled();
    // Of two seconds, with the agent, the server's clients and the test itself in the same process.
    expect((user + system) / 1e6).toBeLessThan(0.5);
    await Promise.all(clients.map((one) => one.end()));
  });
});
