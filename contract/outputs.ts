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
} as const;

/** Name of one of {@link OUTPUTS}. */
export type OutputName = keyof typeof OUTPUTS;
