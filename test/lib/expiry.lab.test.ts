import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatInstant, TAGS } from '../../contract/tags';
import { expiryScript } from '../../lib/user-data';

/** The script that the box's timer runs, taken out of the user data. Needs curl and GNU date, as on the box. */
const EXPIRE =
  /cat > \/opt\/drawbridge\/expire <<'END_OF_FILE'\n([^]*?)END_OF_FILE/.exec(expiryScript(60))?.[1] ?? '';

describe('the expiry of a box', () => {
  let directory: string;
  let metadata: Server;
  let expiry: string | undefined;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'drawbridge-expiry-'));
    writeFileSync(join(directory, 'expire'), EXPIRE, { mode: 0o755 });
    writeFileSync(join(directory, 'systemctl'), '#!/bin/sh\necho "systemctl $*"\n', { mode: 0o755 });
    metadata = createServer((request, response) => {
      const token = request.method === 'PUT' && request.url === '/latest/api/token';
      const tag =
        request.headers['x-aws-ec2-metadata-token'] === 'secret' &&
        request.url === `/latest/meta-data/tags/instance/${TAGS.expiresAt}`;
      const answer = token ? 'secret' : tag ? expiry : undefined;
      response.writeHead(answer === undefined ? 404 : 200).end(answer);
    });
    await new Promise<void>((resolve) => metadata.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await new Promise((resolve) => metadata.close(resolve));
  });

  const expire = (tag: string | undefined): Promise<{ code: number; stdout: string }> => {
    expiry = tag;
    const { port } = metadata.address() as AddressInfo;
    const env = {
      PATH: `${directory}:${process.env.PATH ?? ''}`,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}/`,
    };
    return new Promise((resolve) => {
      execFile(join(directory, 'expire'), { env }, (error, stdout) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout });
      });
    });
  };
  const inMinutes = (minutes: number): string => formatInstant(new Date(Date.now() + minutes * 60_000));

  test('has passed: the box powers off', async () => {
    const past = inMinutes(-1);
    expect(await expire(past)).toEqual({
      code: 0,
      stdout: `This box expired at ${past} and powers off.\nsystemctl poweroff\n`,
    });
  });

  test('lies ahead: nothing happens', async () => {
    expect(await expire(inMinutes(10))).toEqual({ code: 0, stdout: '' });
  });

  test('cannot be read: the service fails and says so to systemd; the cap and the sweep remain', async () => {
    for (const tag of [undefined, 'tomorrowish']) {
      const { code, stdout } = await expire(tag);
      expect(code).not.toBe(0);
      expect(stdout).toBe('');
    }
  });
});
