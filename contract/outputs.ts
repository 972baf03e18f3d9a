/**
 * Outputs of the stack by which the command line finds everything else. Names are what the console shows; a value of an
 * optional one is absent where the settings leave its part out.
 */
export const OUTPUTS = {
  createFunction: 'CreateFunctionName',
  destroyFunction: 'DestroyFunctionName',
  retainFunction: 'RetainFunctionName',
  bucket: 'BackupBucketName',
  backupDocument: 'BackupDocumentName',
  proveDocument: 'ProveDocumentName',
  restoreDocument: 'RestoreDocumentName',
  oneTimeKeyDocument: 'OneTimeKeyDocumentName',
  /** State machine that backs up every database, and the one for each of them. */
  runMachine: 'RunStateMachineArn',
  backupMachine: 'BackupStateMachineArn',
  connectDocument: 'ConnectDocumentName',
  databaseEngine: 'DatabaseEngine',
  databaseEndpoint: 'DatabaseEndpoint',
  databasePort: 'DatabasePort',
  databaseName: 'DatabaseName',
  databaseSecret: 'DatabaseSecretArn',
  /** Optional: there is a jump host. */
  jumpHostGroup: 'JumpHostGroupName',
  /** Optional: `databaseCa` is set. */
  databaseCaParameter: 'DatabaseCaParameterName',
  /** Optional: `accessTargets` are set. */
  forwardDocument: 'ForwardDocumentName',
  shellDocument: 'ShellDocumentName',
  sshDocument: 'SshDocumentName',
  hostKeysDocument: 'HostKeysDocumentName',
  sessionLogs: 'SessionLogGroupName',
  operatorPolicy: 'OperatorPolicyArn',
  auditorPolicy: 'AuditorPolicyArn',
  ownerPolicy: 'OwnerPolicyArn',
  /** Optional: there are intake sources. */
  intakeDocument: 'IntakeDocumentName',
} as const;

/** Name of one of {@link OUTPUTS}. */
export type OutputName = keyof typeof OUTPUTS;

/** Outputs of each intake source: how their names end. */
export const SOURCE_OUTPUTS = {
  createFunction: 'CreateFunctionName',
  destroyFunction: 'DestroyFunctionName',
  /** Policy of the machines that hand files in. */
  policy: 'PolicyArn',
} as const;

/** The name of a source where no dash may stand. Names of sources hold no capital letter, so that no two become one. */
export const sourceWord = (source: string): string => source.replaceAll('-', 'Dash');

/** Name of an output of a source. */
export const sourceOutput = (source: string, what: keyof typeof SOURCE_OUTPUTS): string =>
  `Intake${sourceWord(source)}${SOURCE_OUTPUTS[what]}`;

/** The sources that outputs with these names speak of, sorted. */
export function sourcesAmong(outputs: readonly string[]): string[] {
  const words = outputs.flatMap((name) => /^Intake([a-z](?:[a-z0-9]|Dash)*)PolicyArn$/.exec(name)?.[1] ?? []);
  return words.map((word) => word.replaceAll('Dash', '-')).sort();
}
