import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnResource } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { readSettings } from '../../lib/config/read';
import { DrawbridgeStack } from '../../lib/stack';
import { CONFIGURATIONS } from '../configurations';
import { difference } from './difference';
import { stackWith } from './stack-with';
import { jsonWith } from './synth';

/** The template as a reviewer wants to see it change: without the hashes of what was bundled. */
const scrubbed = (settings: object): unknown =>
  JSON.parse(JSON.stringify(jsonWith(settings)).replaceAll(/[0-9a-f]{64}/g, '<hash>')) as unknown;

describe('the stack', () => {
  test('with default settings is as it was last seen', () => {
    expect(scrubbed({})).toMatchSnapshot();
  });

  test.each([
    ['a jump host that always stands', { jumpHost: 'always' }],
    ['no jump host', { jumpHost: 'none' }],
    ['public addresses', CONFIGURATIONS.public],
    ['interface endpoints only', CONFIGURATIONS.endpoints],
    ['a network and a database that exist', CONFIGURATIONS.existing],
    ['everything that can be left out', CONFIGURATIONS.bare],
    ['everything that can be had', CONFIGURATIONS.full],
  ])('with %s differs from that as it was last seen to', (_, settings) => {
    expect(difference(scrubbed({}), scrubbed(settings))).toMatchSnapshot();
  });

  test('says nothing of an account, a region or a moment', () => {
    const text = JSON.stringify(jsonWith());
    expect(text).not.toMatch(/\b\d{12}\b/);
    expect(text).not.toMatch(/\b(us|eu|ap)-[a-z]+-\d\b/);
    expect(text).not.toMatch(/\b20[2-9]\d-\d\d-\d\d\b(?!")/);
  });

  test('bears the name in the settings, and several stand side by side', () => {
    expect(stackWith({ name: 'orders' }).stackName).toBe('orders');
    // A permission speaks of a function, and so names none itself.
    const own = Object.values(jsonWith({ name: 'orders' }).Resources).filter(
      ({ Type }) => Type !== 'AWS::Lambda::Permission',
    );
    const names = JSON.stringify(own);
    expect(names).not.toMatch(/"(FunctionName|BucketName|RoleName|GroupName|LaunchTemplateName)":/);
  });
});

describe('synth', () => {
  const directory = mkdtempSync(join(tmpdir(), 'drawbridge-synth-'));
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  const filesOf = (path: string): string[] =>
    statSync(path).isDirectory() ? readdirSync(path).flatMap((name) => filesOf(join(path, name))) : [path];

  /** Synthesizes with bundling, as the CLI does, into an empty directory; path → digest of every file. */
  function synthesize(outdir: string): Record<string, string> {
    const app = new App({ context, outdir: join(directory, outdir) });
    const settings = readSettings(app.node);
    new DrawbridgeStack(app, settings.name, { settings });
    app.synth();
    const root = join(directory, outdir);
    return Object.fromEntries(
      filesOf(root)
        // Figures and stack traces of the synth itself.
        .filter((path) => !/(performance-counters|metadata)\.json$/.test(path))
        .map((path) => [
          path.slice(root.length),
          createHash('sha256').update(readFileSync(path)).digest('hex'),
        ]),
    );
  }

  test('gives the same bytes twice, bundles included', () => {
    const once = synthesize('once');
    expect(Object.keys(once).filter((path) => /asset\..*\.(cjs|js)$/.test(path))).toHaveLength(7);
    expect(synthesize('twice')).toEqual(once);
  });

  describe('with CDK’s own checker', () => {
    const before = process.env.CDK_VALIDATION;
    beforeAll(() => {
      delete process.env.CDK_VALIDATION;
    });
    afterAll(() => {
      process.env.CDK_VALIDATION = before;
      // The checker sets it when it finds something.
      process.exitCode = 0;
    });

    /** Synthesizes with the checker on; every finding from warnings up. */
    const check = (outdir: string, alter: (stack: DrawbridgeStack) => void): unknown => {
      const app = new App({
        context: { ...context, 'aws:cdk:bundling-stacks': [] },
        outdir: join(directory, outdir),
      });
      const settings = readSettings(app.node);
      alter(new DrawbridgeStack(app, settings.name, { settings }));
      app.synth();
      return JSON.parse(readFileSync(join(directory, outdir, 'validation-report.json'), 'utf8'));
    };

    test('finds nothing', () => {
      expect(check('checked', () => undefined)).toMatchObject({ pluginReports: [] });
    });

    test('would find something', () => {
      const alter = (stack: DrawbridgeStack): void => {
        new CfnResource(stack, 'Wrong', { type: 'AWS::S3::Bucket', properties: { NoSuchProperty: true } });
      };
      expect(() => check('wrong', alter)).toThrow(/NoSuchProperty/);
    });
  });
});
