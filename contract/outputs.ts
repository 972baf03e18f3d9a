/**
 * Outputs of the stack by which the command line finds everything else. Names are what the console shows; a value of an
 * optional one is absent where the settings leave its part out.
 */
export const OUTPUTS = {
  createFunction: 'CreateFunctionName',
  destroyFunction: 'DestroyFunctionName',
  connectDocument: 'ConnectDocumentName',
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
} as const;

/** Name of one of {@link OUTPUTS}. */
export type OutputName = keyof typeof OUTPUTS;
