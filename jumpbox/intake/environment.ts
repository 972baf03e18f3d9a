import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BOX_ENVIRONMENT } from '../../contract/environment';
import { EXIT } from '../../contract/exit-codes';
import { intakeRules, type IntakeRules, SOURCE_NAME } from '../../contract/intake';
import { reasonOf, Stop } from '../stop';

const schema = z.object({
  [BOX_ENVIRONMENT.region]: z.string().min(1),
  [BOX_ENVIRONMENT.bucket]: z.string().min(1),
  [BOX_ENVIRONMENT.source]: z.string().regex(SOURCE_NAME),
  [BOX_ENVIRONMENT.intakeRules]: z.string().min(1),
});

/** What an intake box is told. */
export interface IntakeSettings {
  readonly region: string;
  readonly bucket: string;
  readonly source: string;
  readonly rules: IntakeRules;
}

/**
 * Reads the environment and the file of rules once, at the door.
 *
 * @throws Stop with `EXIT.usage` naming every problem
 */
export function readIntakeSettings(environment: NodeJS.ProcessEnv): IntakeSettings {
  const read = schema.safeParse(environment);
  const rules = intakeRules.safeParse(read.success ? readRules(read.data[BOX_ENVIRONMENT.intakeRules]) : {});
  const problems = [read, rules].flatMap((one) => one.error?.issues ?? []);
  if (!read.success || !rules.success) {
    const lines = problems.map(({ path, message }) => `- ${path.map(String).join('.')}: ${message}`);
    throw new Stop(
      EXIT.usage,
      ['The settings of this box were refused; nothing was taken.', ...lines].join('\n'),
    );
  }
  return {
    region: read.data[BOX_ENVIRONMENT.region],
    bucket: read.data[BOX_ENVIRONMENT.bucket],
    source: read.data[BOX_ENVIRONMENT.source],
    rules: rules.data,
  };
}

function readRules(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Stop(EXIT.usage, `The rules of this box cannot be read from ${path}: ${reasonOf(error)}.`);
  }
}
