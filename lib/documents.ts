import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { BOX_ENVIRONMENT, BOX_NODE, BOX_PATHS } from '../contract/environment';
import { EXIT } from '../contract/exit-codes';

/** `backups/<database>/<start>_<instance id>/`, see contract/keys.ts; empty for the newest. */
const PREFIX_PATTERN = '^(backups/[A-Za-z0-9%._-]+/[0-9]{8}T[0-9]{9}Z_i-[0-9a-f]+/)?$';
/** Empty for the one in the box's environment. */
const DATABASE_PATTERN = '^([A-Za-z][A-Za-z0-9_]{0,62})?$';
const EXECUTION_PATTERN =
  '^(arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:execution:[A-Za-z0-9_-]+:[A-Za-z0-9._-]+)?$';

/** Properties of {@link Documents}. */
export interface DocumentsProps {
  /** Longest life of a box, hence of a command. */
  readonly maxTtlMinutes: number;
}

/** The SSM documents of commands: what a box is asked to do. */
export class Documents extends Construct {
  readonly backup: CfnDocument;
  readonly prove: CfnDocument;

  constructor(scope: Construct, id: string, props: DocumentsProps) {
    super(scope, id);
    const timeoutSeconds = (props.maxTtlMinutes * 60).toString();
    this.backup = this.command('Backup', {
      description: 'Takes a backup of the database on a backup box',
      parameters: {
        database: text('Name of the database; empty for the one of the settings', DATABASE_PATTERN),
        execution: text('ARN of the execution that asks for it, for the manifest', EXECUTION_PATTERN),
      },
      mainSteps: [step('backup', timeoutSeconds, 'backup')],
    });
    this.prove = this.command('Prove', {
      description: 'Restores a backup into a scratch database on a backup box and compares',
      parameters: {
        database: text('Name of the database; empty for the one of the settings', DATABASE_PATTERN),
        prefix: text(
          'Prefix of the backup in the bucket, ending in /; empty for the newest one',
          PREFIX_PATTERN,
        ),
        every: text('Does nothing unless this many backups have none proven among them', '^[0-9]{1,3}$', '1'),
      },
      mainSteps: [
        step('prove', timeoutSeconds, 'prove ${SSM_prefix:+--prefix "$SSM_prefix"} --every "$SSM_every"'),
      ],
    });
  }

  private command(id: string, content: object): CfnDocument {
    return this.document(id, 'Command', { schemaVersion: '2.2', ...content });
  }

  /** Without a fixed name, which would keep a second stack out; changed content becomes a new version. */
  private document(id: string, documentType: string, content: object): CfnDocument {
    return new CfnDocument(this, id, {
      documentType,
      documentFormat: 'JSON',
      updateMethod: 'NewVersion',
      content,
    });
  }
}

/** A parameter that is handed over as the variable SSM_<name>: its text never becomes part of the script. */
const text = (description: string, allowedPattern: string, standard = ''): object => ({
  type: 'String',
  description,
  default: standard,
  allowedPattern,
  interpolationType: 'ENV_VAR',
});

/** POSIX sh. An agent that is online says nothing about the installation, which may still be running. */
const runProgram = (words: string): string[] => [
  'if ! cloud-init status --wait > /dev/null; then',
  '  echo "The boot of this box failed: see /var/log/cloud-init-output.log on it, destroy it and open another." >&2',
  `  exit ${EXIT.bootFailed}`,
  'fi',
  'set -a',
  `. ${BOX_PATHS.environment}`,
  `${BOX_ENVIRONMENT.databaseName}="\${SSM_database:-$${BOX_ENVIRONMENT.databaseName}}"`,
  `${BOX_ENVIRONMENT.execution}="\${SSM_execution:-}"`,
  'set +a',
  `exec ${BOX_NODE} ${BOX_PATHS.program} ${words}`,
];

const step = (name: string, timeoutSeconds: string, words: string): object => ({
  action: 'aws:runShellScript',
  name,
  inputs: { timeoutSeconds, runCommand: runProgram(words) },
});
