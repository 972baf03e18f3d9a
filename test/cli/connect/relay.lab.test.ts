/** The relay between real clients of MariaDB and a real server, whose certificate names another machine than this. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { mysqlClients } from '../../../cli/connect/clients/mysql';
import { Relay } from '../../../cli/connect/relay/relay';
import { makeAuthority } from '../../../lab/rds/authority';
import { type MariadbServer, startMariadb } from '../../../lab/rds/mariadb';
import { accountOf } from '../../../lab/rds/system-account';

const NAME = 'db.example.internal';
const clients = mysqlClients('mariadb');
const execute = promisify(execFile);

let directory: string;
let server: MariadbServer;
let roots: string;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'drawbridge-relay-'));
  chmodSync(directory, 0o755);
  const caFile = makeAuthority(directory, directory, [NAME], accountOf('mysql'));
  roots = readFileSync(caFile, 'utf8');
  server = await startMariadb({ directory: join(directory, 'server'), authority: { directory, caFile } });
}, 120_000);
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A relay, and the word that tells a client about it. */
async function relay(
  changes: { readonly serverName?: string; readonly tunnelPort?: number; readonly roots?: string } = {},
  password: string | undefined = server.master.password,
) {
  const refused: string[] = [];
  const made = await Relay.open({
    port: 0,
    tunnelPort: server.port,
    serverName: NAME,
    roots,
    refused: (message) => refused.push(message),
    ...changes,
  });
  open.push(() => made.close());
  const rootsFile = join(directory, `roots-${made.port}.pem`);
  const loginFile = join(directory, `client-${made.port}.cnf`);
  writeFileSync(rootsFile, made.certificate);
  const login = { host: NAME, port: made.port, user: server.master.username, rootsFile };
  writeFileSync(loginFile, clients.login(login, password));
  return { refused, port: made.port, local: { ...login, loginFile } };
}

async function mariadb(local: Parameters<typeof clients.words>[0], ...words: string[]): Promise<string> {
  const [program = '', ...all] = clients.words(local, 'app', ['mariadb', '-N', '-B', ...words]);
  return (await execute(program, all, { timeout: 60_000, maxBuffer: 16 * 1024 * 1024 })).stdout.trim();
}

test('a client checks the relay, the relay checks the server; fifty at once, and megabytes', async () => {
  const { local, refused } = await relay();
  expect(await mariadb(local, '-e', 'select @@hostname is not null, user()')).toBe(
    `1\t${server.master.username}@127.0.0.1`,
  );
  expect(await mariadb(local, '-e', "show status like 'Ssl_version'")).toMatch(/^Ssl_version\tTLSv1\.[23]$/);
  const many = await Promise.all(
    Array.from({ length: 50 }, (_, index) => mariadb(local, '-e', `select ${index}, sleep(0.1)`)),
  );
  expect(many).toEqual(Array.from({ length: 50 }, (_, index) => `${index}\t0`));
  const large = await mariadb(local, '-e', "select repeat('x', 8000000)");
  expect(large).toHaveLength(8_000_000);
  const [program = '', ...words] = clients.words(local, 'app', ['mariadb-dump', '--no-data', 'app']);
  expect((await execute(program, words)).stdout).toContain('-- Dump completed');
  expect(refused).toEqual([]);
}, 120_000);

test('a server of another name, or of an unknown authority, gets no login', async () => {
  const elsewhere = await relay({ serverName: 'other.example.internal' });
  await expect(mariadb(elsewhere.local, '-e', 'select 1')).rejects.toThrow(/ERROR 20\d\d/);
  expect(elsewhere.refused).toEqual([
    expect.stringMatching(
      /^The certificate of other\.example\.internal is not to be trusted: .*altnames.*db\.example\.internal/,
    ),
  ]);
  const another = join(directory, 'another');
  mkdirSync(another);
  const unknown = await relay({
    roots: readFileSync(makeAuthority(another, another, [NAME], accountOf('mysql')), 'utf8'),
  });
  await expect(mariadb(unknown.local, '-e', 'select 1')).rejects.toThrow(/ERROR 20\d\d/);
  expect(unknown.refused).toEqual([expect.stringContaining('is not to be trusted: unable to')]);
});

test('a client that trusts somebody else, or wants no TLS, does not come in', async () => {
  const { local, port, refused } = await relay();
  const other = await relay();
  writeFileSync(
    local.loginFile,
    readFileSync(local.loginFile, 'utf8').replace(local.rootsFile, other.local.rootsFile),
  );
  await expect(mariadb(local, '-e', 'select 1')).rejects.toThrow(/certificate/);
  const plain = [
    '--no-defaults',
    '--skip-ssl',
    '--host=127.0.0.1',
    `--port=${port}`,
    '--user=x',
    '--password=y',
  ];
  await expect(execute('mariadb', [...plain, '-e', 'select 1'])).rejects.toThrow(
    /ERROR 3159.*Connections without TLS are not let through/,
  );
  expect(refused).toEqual([]);
});

test('a wrong password is the answer of the server itself', async () => {
  const { local } = await relay({}, 'wrong');
  await expect(mariadb(local, '-e', 'select 1')).rejects.toThrow(/ERROR 1045 .*Access denied/);
});

/** Speaks as far as the login, asks for the password as it is, as RDS does for tokens, and notes it. */
class TokenServer {
  readonly tokens: string[] = [];
  readonly listening: Server;

  constructor() {
    const [cert, key] = ['server.crt', 'server.key'].map((name) => readFileSync(join(directory, name)));
    const context = createSecureContext({ cert, key });
    this.listening = createServer((socket) => void this.serve(socket, context).catch(() => undefined));
  }

  private async serve(socket: Socket, secureContext: ReturnType<typeof createSecureContext>): Promise<void> {
    const packet = (number: number, payload: Buffer): Buffer => {
      const header = Buffer.alloc(4);
      header.writeUIntLE(payload.length, 0, 3);
      header[3] = number;
      return Buffer.concat([header, payload]);
    };
    const text = (value: string): Buffer => Buffer.from(`${value}\0`);
    const capabilities = Buffer.from('ffffff81', 'hex');
    socket.on('error', () => undefined);
    socket.write(
      packet(
        0,
        Buffer.concat([
          Buffer.from([10]),
          text('8.4.0'),
          Buffer.from('01000000616263646566676800', 'hex'),
          capabilities.subarray(0, 2),
          Buffer.from([45, 2, 0]),
          capabilities.subarray(2),
          Buffer.from([21]),
          Buffer.alloc(10),
          text('ijklmnopqrst'),
          text('mysql_native_password'),
        ]),
      ),
    );
    await new Promise((resolve) => socket.once('readable', resolve));
    socket.read(36);
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    secure.on('error', () => undefined);
    const next = (): Promise<Buffer> => new Promise((resolve) => secure.once('data', resolve));
    await next();
    secure.write(packet(3, Buffer.concat([Buffer.from([0xfe]), text('mysql_clear_password')])));
    const answer = await next();
    this.tokens.push(answer.subarray(4, -1).toString());
    secure.end(packet(5, Buffer.concat([Buffer.from('ff1504', 'hex'), Buffer.from('#28000noted')])));
  }
}

test('a token goes to the server as it is, inside TLS', async () => {
  const fake = new TokenServer();
  await new Promise<void>((resolve) => fake.listening.listen(0, '127.0.0.1', resolve));
  open.push(
    () =>
      new Promise((resolve) =>
        fake.listening.close(() => {
          resolve();
        }),
      ),
  );
  const token = `${NAME}:3306/?Action=connect&DBUser=eva&X-Amz-Signature=${'0'.repeat(900)}`;
  const { local, refused } = await relay(
    { tunnelPort: (fake.listening.address() as AddressInfo).port },
    token,
  );
  await expect(mariadb(local, '-e', 'select 1')).rejects.toThrow('noted');
  expect(fake.tokens).toEqual([token]);
  expect(refused).toEqual([]);
});
