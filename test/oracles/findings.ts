import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { CfnGuardValidator } from '@cdklabs/cdk-validator-cfnguard';
import { App, CfnResource, type Stack, Validations } from 'aws-cdk-lib';
import {
  AwsSolutionsChecks,
  HIPAASecurityChecks,
  NIST80053R5Checks,
  PCIDSS321Checks,
  ServerlessChecks,
} from 'cdk-nag';
import { context } from '../../cdk.json';
import { readSettings } from '../../lib/config/read';
import { DrawbridgeStack } from '../../lib/stack';
import { CONFIGURATIONS, type ConfigurationName } from '../configurations';

/** What a checker objects to. */
export interface Finding {
  readonly rule: string;
  /** Path of the construct below the stack, or logical id without its hash. */
  readonly at: string;
  readonly says: string;
}

/** The part of a validation report that is read. */
interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly {
      readonly ruleName: string;
      readonly description: string;
      readonly violatingConstructs: readonly { readonly constructPath?: string }[];
    }[];
  }[];
}

/** The packs repeat each other's rules under names of their own. */
const PACK = /^(NIST\.800\.53\.R5|HIPAA\.Security|PCI\.DSS\.321|Serverless)-/;

const GUARD_RULES = join(
  dirname(require.resolve('@cdklabs/cdk-validator-cfnguard/package.json')),
  'rules/control-tower/cfn-guard',
);

/** Names of the guard rules about resources that a stack does not have: they judge nothing, and take long to do so. */
function idleGuardRules(stack: Stack): string[] {
  const resources = stack.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
  const types = new Set(resources.map(({ cfnResourceType }) => cfnResourceType));
  return readdirSync(GUARD_RULES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.guard'))
    .filter((file) => {
      const rule = readFileSync(join(GUARD_RULES, file), 'utf8');
      return !(rule.match(/AWS::\w+::\w+/g) ?? []).some((type) => types.has(type));
    })
    .map((file) => basename(file, '.guard'));
}

/**
 * What the rule packs of cdk-nag and the guard rules of Control Tower find, read from the report: neither their exit code
 * nor their conclusion can be relied upon.
 */
export function packFindings(name: ConfigurationName): { plugins: string[]; findings: Finding[] } {
  const outdir = mkdtempSync(join(tmpdir(), 'drawbridge-packs-'));
  try {
    const drawbridge = CONFIGURATIONS[name];
    const app = new App({ context: { ...context, drawbridge, 'aws:cdk:bundling-stacks': [] }, outdir });
    const settings = readSettings(app.node);
    const stack = new DrawbridgeStack(app, settings.name, { settings });
    Validations.of(app).addPlugins(
      new AwsSolutionsChecks(app),
      new NIST80053R5Checks(app),
      new HIPAASecurityChecks(app),
      new PCIDSS321Checks(app),
      new ServerlessChecks(app),
      new CfnGuardValidator({ disabledRules: idleGuardRules(stack) }),
    );
    try {
      app.synth();
    } catch (error) {
      if (!/validation/i.test(String(error))) throw error;
    }
    const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
    return {
      plugins: report.pluginReports.map(({ pluginName }) => pluginName),
      findings: report.pluginReports.flatMap(({ violations }) =>
        violations.flatMap(({ ruleName, description, violatingConstructs }) =>
          violatingConstructs
            .map(({ constructPath = '' }) => constructPath)
            // Guard names a resource twice when it comes from a child construct: once with its path, once without.
            .filter((path) => path !== '')
            .map((path) => ({
              rule: ruleName.replace(PACK, '').replaceAll(/[0-9A-F]{8}(?=[.>])/g, ''),
              at: path.replace(`${stack.stackName}/`, ''),
              says: description.replace(/ - \(Control IDs.*/s, ''),
            })),
        ),
      ),
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
    // Set by the synth when it finds something; what is found is judged by the test.
    process.exitCode = 0;
  }
}
