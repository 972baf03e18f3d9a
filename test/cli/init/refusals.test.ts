import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../../contract/exit-codes';
import { drawbridge } from '../support';
import { databaseIs, directory, file, init, named, prepare, rds, secrets, VPC, written } from './account';

prepare();

describe('refusals, each in a sentence, and the file stays', () => {
  test.each([
    ['no such database', () => undefined, ['nowhere'], EXIT.notFound, 'there are orders'],
    [
      'another VPC',
      () => undefined,
      ['orders', '--vpc', 'vpc-1'],
      EXIT.usage,
      `orders is in ${VPC}, not in vpc-1`,
    ],
    [
      'too old',
      () => {
        databaseIs({ EngineVersion: '13.9' });
      },
      ['orders'],
      EXIT.wrongTools,
      'Served is a PostgreSQL major from 15 to 18',
    ],
    [
      'not ready',
      () => {
        databaseIs({ Endpoint: undefined });
      },
      ['orders'],
      EXIT.unavailable,
      'has no endpoint yet',
    ],
    [
      'no database in it',
      () => {
        databaseIs({ Engine: 'mysql', EngineVersion: '8.4.5', DBName: undefined });
      },
      ['orders'],
      EXIT.usage,
      '--database-name',
    ],
    [
      'no such secret',
      () => {
        secrets.on(DescribeSecretCommand).rejects(named('ResourceNotFoundException'));
      },
      ['orders'],
      EXIT.notFound,
      'There is no secret',
    ],
    [
      'not allowed',
      () => {
        rds
          .on(DescribeDBInstancesCommand)
          .rejects(named('AccessDenied', 'is not authorized to perform: rds:DescribeDBInstances'));
      },
      ['orders'],
      EXIT.notAllowed,
      'ViewOnlyAccess',
    ],
    ['nobody to ask', () => undefined, [], EXIT.usage, '1  orders  instance, postgres 17.6'],
  ])('%s', async (_, arrange: () => void, words, code, message) => {
    arrange();
    const ran = await init(...words);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(message);
    expect(ran.stdout).toBe('');
    expect(written()).toEqual({});
  });

  test.each([
    ['no JSON', '{', 'is no JSON'],
    ['no object', '[]', 'must hold a JSON object'],
    ['settings that are none', '{"context": {"drawbridge": 1}}', 'must be objects'],
  ])('a file that holds %s', async (_, text, message) => {
    writeFileSync(file, text);
    const ran = await init('orders');
    expect(ran.code).toBe(EXIT.usage);
    expect(ran.stderr).toContain(message);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(rds.calls()).toEqual([]);
  });

  test('no file', async () => {
    const { code, stderr } = await drawbridge(['init', '--file', join(directory, 'none.json'), 'orders']);
    expect(code).toBe(EXIT.notFound);
    expect(stderr).toContain('--file');
  });
});
