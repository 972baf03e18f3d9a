import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';

describe('the app', () => {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-app-'));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  const run = (settings: Record<string, string>) =>
    spawnSync('node', ['--import', 'tsx', 'bin/app.ts'], {
      env: {
        ...process.env,
        CDK_OUTDIR: join(directory, 'out'),
        CDK_CONTEXT_JSON: JSON.stringify({ ...settings, 'aws:cdk:bundling-stacks': [] }),
      },
      encoding: 'utf8',
    });

  test('prints a refusal as a sentence, without a stack trace, and fails', () => {
    const { status, stdout, stderr } = run({ ttlMinutes: 'soon' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('- ttlMinutes: must be a whole number of minutes from 1 to 2880');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(directory, 'out', 'manifest.json'))).toBe(false);
  });

  test('refuses a key that is no setting, and writes nothing', () => {
    const { status, stdout, stderr } = run({ egres: 'ipv6', maxBoxes: '0' });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('- unknown setting egres (did you mean egress?)');
    expect(stderr).toContain('- maxBoxes: must be');
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(join(directory, 'out'))).toEqual([]);
  });

  test('does the same with what only shows when everything is put together', () => {
    const many = join(directory, 'many.pem');
    writeFileSync(many, rootCertificates.slice(0, 12).join('\n'));
    const { status, stderr } = run({ databaseCa: many });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /could reach \d+ bytes; EC2 accepts 16384\. Give fewer certificates in databaseCa/,
    );
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('writes its stack otherwise', () => {
    expect(run({ name: 'orders' })).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(join(directory, 'out', 'orders.template.json'))).toBe(true);
  });
});
