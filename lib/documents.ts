import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { BOX_ENVIRONMENT, BOX_NODE, BOX_PATHS } from '../contract/environment';
import { EXIT } from '../contract/exit-codes';
import { MISSING_ROLES } from '../contract/restore';

/** `backups/<database>/<start>_<instance id>/`, see contract/keys.ts; empty for the newest. */
const PREFIX_PATTERN = '^(backups/[A-Za-z0-9%._-]+/[0-9]{8}T[0-9]{9}Z_i-[0-9a-f]+/)?$';
/** Empty for the one in the box's environment. */
const DATABASE_PATTERN = '^([A-Za-z][A-Za-z0-9_]{0,62})?$';
const EXECUTION_PATTERN =
  '^(arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:execution:[A-Za-z0-9_-]+:[A-Za-z0-9._-]+)?$';

/** Keys of one backup, encrypted by age to a key of the box: no more than two keys of 16 bytes with their names. */
const KEYS_PATTERN = '^([A-Za-z0-9+/]{1,4000}={0,2})?$';
const KEYS =
  'Keys of an encrypted backup, encrypted to the one-time key of the box; empty where nothing is encrypted';

/** Words of a program: an empty parameter is left out. */
const given = (...names: readonly string[]): string =>
  names.map((name) => `\${SSM_${name}:+--${name} "$SSM_${name}"}`).join(' ');

/** Properties of {@link Documents}. */
export interface DocumentsProps {
  /** Longest life of a box, hence of a command. */
  readonly maxTtlMinutes: number;
}

/** The SSM documents of commands: what a box is asked to do. */
export class Documents extends Construct {
  readonly backup: CfnDocument;
  readonly prove: CfnDocument;
  readonly restore: CfnDocument;
  readonly oneTimeKey: CfnDocument;

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
        keys: text(KEYS, KEYS_PATTERN),
      },
      mainSteps: [step('prove', timeoutSeconds, `prove ${given('prefix', 'keys')} --every "$SSM_every"`)],
    });
    this.restore = this.restoreDocument(timeoutSeconds);
    this.oneTimeKey = this.command('OneTimeKey', {
      description: 'Makes a key on a box, to which the keys of one encrypted backup are encrypted for it',
      parameters: { prefix: text('Prefix of that backup in the bucket, ending in /', PREFIX_PATTERN) },
      mainSteps: [step('key', timeoutSeconds, `one-time-key ${given('prefix')}`)],
    });
  }

  private restoreDocument(timeoutSeconds: string): CfnDocument {
    return this.command('Restore', {
      description: 'Restores a backup into a new database on a restore box, and counts its rows',
      parameters: {
        database: text(
          'Name of the database that was backed up; empty for the one of the settings',
          DATABASE_PATTERN,
        ),
        prefix: text(
          'Prefix of the backup in the bucket, ending in /; empty for the newest one',
          PREFIX_PATTERN,
        ),
        into: text('Database to restore into; empty for <database>_restored_<date>', DATABASE_PATTERN),
        over: text('The same name again, to have its content replaced', DATABASE_PATTERN),
        jobs: text('Processes that restore at a time; empty for one by processor', '^([1-9][0-9]?)?$'),
        roles: text(
          'What to do when roles are missing: refuse, create (without login), skip (no owners and grants)',
          `^(${MISSING_ROLES.join('|')})$`,
          'refuse',
        ),
        keys: text(KEYS, KEYS_PATTERN),
      },
      mainSteps: [
        step(
          'restore',
          timeoutSeconds,
          `restore ${given('prefix', 'into', 'over', 'jobs', 'keys')} --roles "$SSM_roles"`,
        ),
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

/**
 * POSIX sh. An agent that is online says nothing about the installation, which may still be running. A script that failed
 * makes cloud-init end with 1; with 2 it has only warned, as newer ones do of anything:
 * https://docs.cloud-init.io/en/latest/explanation/return_codes.html
 */
const runProgram = (words: string): string[] => [
  'booted=0',
  'cloud-init status --wait > /dev/null || booted=$?',
  'if [ "$booted" -ne 0 ] && [ "$booted" -ne 2 ]; then',
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
