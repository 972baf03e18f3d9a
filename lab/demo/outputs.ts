/** Outputs of the stack that the demo uses, by the names that the console shows. */
export const OUTPUT_NAMES = [
  'CreateFunctionName',
  'DestroyFunctionName',
  'SweepFunctionName',
  'BackupBucketName',
  'BackupDocumentName',
  'ProveDocumentName',
  'DatabaseEndpoint',
  'DatabasePort',
  'DatabaseName',
  'DatabaseSecretArn',
  'RunStateMachineArn',
  'BackupStateMachineArn',
  'TopicArn',
  'RetainFunctionName',
] as const;

/** See {@link OUTPUT_NAMES}. */
export type Outputs = Readonly<Record<(typeof OUTPUT_NAMES)[number], string>>;

/**
 * Reads the file that `cdk deploy --outputs-file` wrote for one stack.
 *
 * @throws Error naming the outputs that are missing
 */
export function readOutputs(text: string): Outputs {
  const [stack] = Object.values(JSON.parse(text) as Record<string, Record<string, string>>);
  const missing = OUTPUT_NAMES.filter((name) => stack?.[name] === undefined);
  if (stack === undefined || missing.length > 0)
    throw new Error(`The stack has no output ${missing.join(', ')}.`);
  return stack as Outputs;
}
