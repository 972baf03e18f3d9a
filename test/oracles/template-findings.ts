import { createRequire } from 'node:module';
import { CONFIGURATIONS, type ConfigurationName } from '../configurations';
import { jsonWith } from '../lib/synth';
import type { Finding } from './findings';

/** What the validator that comes inside the CDK says of a template. */
interface Diagnostic {
  readonly ruleId: string;
  readonly message: string;
  readonly entity?: { readonly logicalId?: string };
}

/** Its interface, as far as it is used here; the package has no name of its own to import it by. */
interface Validator {
  readonly TemplateFile: new (path: string) => object;
  readonly CompositeEngine: new () => {
    validateTemplate(template: object, options: object): { readonly diagnostics: readonly Diagnostic[] };
    free(): void;
  };
}

const inside = createRequire(require.resolve('aws-cdk-lib'));
const { CompositeEngine, TemplateFile } = inside('@aws/cloudformation-validate') as Validator;

/** Checks templates with every rule, informational ones included. One engine serves all: it takes seconds to load. */
export class BuiltInValidator {
  private readonly engine = new CompositeEngine();

  findings(templateFile: string): Finding[] {
    const options = { severityLevel: 'INFO', pseudoParameterOverrides: { region: 'eu-west-1' } };
    const { diagnostics } = this.engine.validateTemplate(new TemplateFile(templateFile), options);
    return diagnostics.map(({ ruleId, message, entity }) => ({
      rule: ruleId,
      at: (entity?.logicalId ?? 'template').replace(/[0-9A-F]{8}$/, ''),
      says: message,
    }));
  }

  free(): void {
    this.engine.free();
  }
}

/** The template of a configuration as the CLI would send it. */
export const templateText = (name: ConfigurationName): string =>
  JSON.stringify(jsonWith(CONFIGURATIONS[name]), undefined, 1);
