import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';

/** A parameter of the standard tier, which costs nothing, holds so many bytes; an advanced one 8,192. */
const STANDARD_BYTES = 4_096;

/** Tells the command line which further authorities to trust for the database; undefined where the setting names none. */
export function databaseCaParameter(
  scope: Construct,
  authorities: string | undefined,
): StringParameter | undefined {
  if (authorities === undefined) return undefined;
  return new StringParameter(scope, 'DatabaseCa', {
    description: 'Further certificate authorities to trust for the database',
    stringValue: authorities,
    tier: Buffer.byteLength(authorities) > STANDARD_BYTES ? ParameterTier.ADVANCED : ParameterTier.STANDARD,
  });
}
