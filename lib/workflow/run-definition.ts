import { backupSeconds } from './backup-definition';
import { failTo, integration, jsonata } from './steps';

/** Besides what the databases take: starting, judging, telling. Minutes. */
const MARGIN_MINUTES = 15;

/** What a run works with. */
export interface RunDefinitionProps {
  /** ARN of the state machine that backs up one database. */
  readonly backupMachineArn: string;
  readonly topicArn: string;
  readonly databases: readonly string[];
  /** How many at a time. */
  readonly concurrency: number;
  readonly maxTtlMinutes: number;
}

/** The longest that a run may take, in seconds. */
export const runSeconds = ({ databases, concurrency, maxTtlMinutes }: RunDefinitionProps): number =>
  Math.ceil(databases.length / concurrency) * backupSeconds(maxTtlMinutes) + MARGIN_MINUTES * 60;

/**
 * Backs up every database, or those that the input names (`{ "databases": ["app"] }`), each in an execution of its own: the
 * history of one is bounded, and the failure of one does not touch the others. Fails at the end when any of them has.
 */
export function runDefinition(props: RunDefinitionProps): object {
  const known = `[${props.databases.map((name) => `'${name}'`).join(', ')}]`;
  return {
    Comment: 'Backs up every database',
    QueryLanguage: 'JSONata',
    TimeoutSeconds: runSeconds(props),
    StartAt: 'Choose',
    States: {
      Choose: {
        Type: 'Pass',
        Assign: {
          databases: jsonata(
            `$exists($states.input.databases) ? [$distinct($states.input.databases)] : ${known}`,
          ),
          unknown: jsonata(`[$filter($states.input.databases, function($name) { $not($name in ${known}) })]`),
        },
        Next: 'Known',
      },
      Known: {
        Type: 'Choice',
        Choices: [{ Condition: jsonata('$count($unknown) = 0'), Next: 'EachDatabase' }],
        Default: 'UnknownDatabase',
      },
      UnknownDatabase: {
        Type: 'Fail',
        Error: 'UnknownDatabase',
        Cause: jsonata(
          `'Nothing was backed up: not among the databases of this stack: ' & $join($unknown.$string(), ', ') & ` +
            `'. Accepted: ' & $join(${known}, ', ') & '. Others are added by the setting databases.'`,
        ),
      },
      EachDatabase: {
        Type: 'Map',
        Items: jsonata('$databases'),
        MaxConcurrency: props.concurrency,
        ItemProcessor: oneDatabase(props),
        Assign: { failures: jsonata(FAILURES) },
        Next: 'Judge',
      },
      Judge: {
        Type: 'Choice',
        Choices: [{ Condition: jsonata('$count($failures) = 0'), Next: 'Done' }],
        Default: 'Tell',
      },
      Done: { Type: 'Succeed' },
      Tell: {
        Type: 'Task',
        Resource: integration('sns:publish'),
        Arguments: {
          TopicArn: props.topicArn,
          Subject: jsonata("'Backup failed: ' & $count($failures) & ' of ' & $count($databases)"),
          Message: jsonata(`${SUMMARY} & '\\n\\nExecution: ' & $states.context.Execution.Id`),
        },
        // The failure itself is told by the alarm on failed runs too.
        Catch: [failTo('Failed')],
        Next: 'Failed',
      },
      Failed: { Type: 'Fail', Error: 'BackupsFailed', Cause: jsonata(SUMMARY) },
    },
  };
}

const FAILURES = '[$states.result[$not(ok)]]';

/** SNS and Step Functions take more than this; nobody reads more. */
const SUMMARY = "$substring($join($failures.(database & ': ' & error & ': ' & cause), '\\n'), 0, 20000)";

/** Unique for as long as Step Functions remembers names, and the same when the call is repeated. */
const NAME =
  "$substring($states.input, 0, 40) & '-' & " +
  "$substring($hash($states.context.Execution.Id & ' ' & $states.input, 'SHA-256'), 0, 16)";

/** The cause of a child that failed is its description, as JSON. */
const CHILD = '$contains($states.errorOutput.Cause, \'"ExecutionArn"\') ? $parse($states.errorOutput.Cause)';
const childField = (field: string, otherwise: string): string =>
  `($child := ${CHILD} : {}; $exists($child.${field}) ? $substring($child.${field}, 0, 2000) : ${otherwise})`;

function oneDatabase({ backupMachineArn }: RunDefinitionProps): object {
  return {
    ProcessorConfig: { Mode: 'INLINE' },
    StartAt: 'BackUp',
    States: {
      BackUp: {
        Type: 'Task',
        Resource: integration('states:startExecution.sync:2'),
        Arguments: {
          StateMachineArn: backupMachineArn,
          Name: jsonata(NAME),
          Input: {
            database: jsonata('$states.input'),
            // The console shows the one beside the other.
            AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: jsonata('$states.context.Execution.Id'),
          },
        },
        Output: { ok: true, database: jsonata('$states.input') },
        Catch: [
          {
            ErrorEquals: ['States.ALL'],
            Output: {
              ok: false,
              database: jsonata('$states.input'),
              error: jsonata(
                childField('Error', '$exists($child.Status) ? $child.Status : $states.errorOutput.Error'),
              ),
              cause: jsonata(
                childField(
                  'Cause',
                  "$exists($child.Status) ? 'the execution was stopped' : $states.errorOutput.Cause",
                ),
              ),
            },
            Next: 'Noted',
          },
        ],
        End: true,
      },
      Noted: { Type: 'Pass', End: true },
    },
  };
}
