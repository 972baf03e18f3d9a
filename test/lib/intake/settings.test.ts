import { App } from 'aws-cdk-lib';
import { readSettings } from '../../../lib/config/read';

const read = (context: Record<string, unknown>) => readSettings(new App({ context }).node);

describe('intake sources', () => {
  const principal = 'arn:aws:iam::123456789012:role/vms/BackupVm';

  test('have rules that are safe when none are given', () => {
    expect(read({ intakeSources: [{ name: 'web', principal }] }).intakeSources).toEqual([
      {
        name: 'web',
        principal,
        maxBoxes: 2,
        maxFileMiB: 1024,
        maxPushMiB: 102_400,
        maxFiles: 1_000_000,
        allow: ['**'],
        refuse: [],
        contradictions: 'flag',
        bombs: 'refuse',
        privateKeys: 'refuse',
        awsKeys: 'refuse',
        urlPasswords: 'flag',
      },
    ]);
  });

  test('may be given as JSON on the command line', () => {
    const app = new App({ context: { intakeSources: '[{"name":"web","maxFileMiB":5}]' } });
    expect(readSettings(app.node).intakeSources).toMatchObject([{ name: 'web', maxFileMiB: 5 }]);
  });

  test.each([
    [[{ name: 'Web' }], /intakeSources\.0\.name: must be 1 to 20/],
    [[{}], /intakeSources\.0\.name/],
    [[{ name: 'web', principal: 'BackupVm' }], /principal: must be the ARN of a role or user/],
    [[{ name: 'web', rule: 1 }], /knows no rule; accepted: name, principal, maxBoxes, maxFileMiB/],
    [[{ name: 'web', privateKeys: 'keep' }], /privateKeys: must be one of refuse, flag, allow/],
    [[{ name: 'web' }, { name: 'web' }], /must not name a source twice/],
    [Array.from({ length: 9 }, (_, at) => ({ name: `s${at}` })), /at most 8 sources/],
    ['web', /must be a list such as/],
  ])('are refused with a reason: %j', (intakeSources, message) => {
    expect(() => read({ intakeSources })).toThrow(message);
  });
});
