import { EXIT } from '../../contract/exit-codes';
import { runCommand, SSM_TROUBLE } from './command';
import {
  CAUSE,
  failTo,
  failure,
  integration,
  invoke,
  jsonata,
  LAMBDA_TROUBLE,
  repeat,
  type States,
} from './steps';

/** Between looks for the agent of a new box, and how many: a boot takes well below a minute. */
const AGENT_LOOK_SECONDS = 10;
const AGENT_LOOKS = 60;

/** Time besides the life of the box: waiting for room, ending the box. Minutes. */
const MARGIN_MINUTES = 60;

/** At most so many looks at the commands of one execution; see {@link pollSeconds}. */
const LOOKS = 1000;

/** What an execution for one database works with. */
export interface BackupDefinitionProps {
  /** Names or ARNs of our functions. */
  readonly create: string;
  readonly destroy: string;
  readonly backupDocument: string;
  readonly proveDocument: string;
  /** The one duration: life of the box, and so of everything that happens on it. */
  readonly maxTtlMinutes: number;
  readonly proofEvery: number;
}

/**
 * Longest pause between looks at a command, in seconds: a minute, or more where a box may live so long that its history would
 * come near to 25,000 events, which end an execution. One look is 16 events.
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const pollSeconds = (maxTtlMinutes: number): number =>
  Math.max(60, Math.ceil((maxTtlMinutes * 60) / LOOKS));

/** The longest that the backup of one database may take, ending its box included, in seconds. */
export const backupSeconds = (maxTtlMinutes: number): number => (maxTtlMinutes + MARGIN_MINUTES) * 60;

/**
 * Backs up one database, `{ "database": … }`: opens a box, which is the database's lock, waits for its agent, backs up,
 * proves, and ends the box whatever happened. Fails with the first thing that went wrong.
 */
export function backupDefinition(props: BackupDefinitionProps): object {
  return {
    Comment: 'Backs up one database on a box of its own and proves the backup',
    QueryLanguage: 'JSONata',
    TimeoutSeconds: backupSeconds(props.maxTtlMinutes),
    StartAt: 'Begin',
    States: { ...opening(props), ...agent(), ...work(props), ...ending(props) },
  };
}

/** Names by which the box is known: the lock of the database, and who holds it. */
const LOCK =
  "'backup-' & $substring($database, 0, 30) & '-' & $substring($hash($database, 'SHA-256'), 0, 16)";

function opening({ create, maxTtlMinutes }: BackupDefinitionProps): States {
  return {
    Begin: {
      Type: 'Pass',
      Assign: {
        database: jsonata('$states.input.database'),
        holder: jsonata('$states.context.Execution.Name'),
        execution: jsonata('$states.context.Execution.Id'),
        instanceId: jsonata("''"),
        looks: 0,
        error: jsonata("''"),
        cause: jsonata("''"),
        proof: jsonata('null'),
      },
      Output: {},
      Next: 'OpenBox',
    },
    OpenBox: {
      ...invoke(create, {
        purpose: 'backup',
        ttlMinutes: maxTtlMinutes,
        requestId: jsonata(LOCK),
        holder: jsonata('$holder'),
        reason: jsonata("'backup of ' & $database"),
      }),
      Assign: { instanceId: jsonata('$states.result.Payload.instanceId') },
      Output: {},
      Retry: [
        repeat(...LAMBDA_TROUBLE),
        // Operators end their boxes, and EC2 gets room again; a night is long enough to wait half an hour.
        {
          ErrorEquals: ['TooManyBoxes', 'NoCapacity'],
          IntervalSeconds: 60,
          BackoffRate: 2,
          MaxAttempts: 5,
        },
      ],
      Catch: [failTo('AlreadyRunning', 'HeldByAnother'), failTo('EndBox')],
      Next: 'WaitForAgent',
    },
    // The box belongs to the other run: it is left alone.
    AlreadyRunning: { Type: 'Fail', Error: 'AlreadyRunning', Cause: jsonata('$cause') },
  };
}

function agent(): States {
  return {
    WaitForAgent: { Type: 'Wait', Seconds: AGENT_LOOK_SECONDS, Next: 'SeeAgent' },
    SeeAgent: {
      Type: 'Task',
      Resource: integration('aws-sdk:ssm:describeInstanceInformation'),
      Arguments: { Filters: [{ Key: 'InstanceIds', Values: [jsonata('$instanceId')] }] },
      Assign: {
        online: jsonata("$states.result.InstanceInformationList[0].PingStatus = 'Online'"),
        looks: jsonata('$looks + 1'),
      },
      Output: {},
      Retry: [repeat(...SSM_TROUBLE)],
      Catch: [failTo('EndBox')],
      Next: 'AgentAnswers',
    },
    AgentAnswers: {
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$online'), Next: 'StartBackup' },
        { Condition: jsonata(`$looks >= ${AGENT_LOOKS}`), Next: 'NeverOnline' },
      ],
      Default: 'WaitForAgent',
    },
    NeverOnline: failure(
      "'NeverOnline'",
      `'the agent of ' & $instanceId & ' did not come online within ${(AGENT_LOOK_SECONDS * AGENT_LOOKS) / 60} minutes'`,
      'EndBox',
    ),
  };
}

function work(props: BackupDefinitionProps): States {
  const common = { pollSeconds: pollSeconds(props.maxTtlMinutes), onFailure: 'EndBox' };
  const database = [jsonata('$database')];
  return {
    ...runCommand({
      ...common,
      name: 'Backup',
      documentName: props.backupDocument,
      parameters: { database, execution: [jsonata('$execution')] },
      error: "'BackupFailed'",
      next: 'KeepBackup',
    }),
    KeepBackup: {
      Type: 'Pass',
      Assign: { backup: jsonata('$command.output') },
      Output: {},
      Next: 'StartProof',
    },
    ...runCommand({
      ...common,
      name: 'Proof',
      documentName: props.proveDocument,
      parameters: { database, prefix: [jsonata('$backup.prefix')], every: [String(props.proofEvery)] },
      // Of MySQL no server runs on the box: the backup stays unproven, and that is no failure of it.
      unless: { code: EXIT.cannotProve, next: 'EndBox' },
      error: "$command.code = 3 ? 'NotProven' : 'ProofFailed'",
      next: 'KeepProof',
    }),
    KeepProof: {
      Type: 'Pass',
      Assign: { proof: jsonata('$command.output') },
      Output: {},
      Next: 'EndBox',
    },
  };
}

/** A box of which nothing is known may be on its way nevertheless: its holder is known. */
const WHICH = "$instanceId = '' ? {'holder': $holder} : {'instanceId': $instanceId}";

/** The sweep and the box's own timer remain. */
const NOT_ENDED = `($cause = '' ? '' : $cause & '; besides, ') & 'the box was not ended: ' & ${CAUSE}`;

function ending({ destroy }: BackupDefinitionProps): States {
  return {
    EndBox: {
      ...invoke(destroy, jsonata(WHICH)),
      Output: {},
      Retry: [repeat(...LAMBDA_TROUBLE, 'NotTerminated')],
      Catch: [
        {
          ErrorEquals: ['States.ALL'],
          Assign: { error: jsonata("$error = '' ? 'BoxNotEnded' : $error"), cause: jsonata(NOT_ENDED) },
          Next: 'Failed',
        },
      ],
      Next: 'Judge',
    },
    Judge: {
      Type: 'Choice',
      Choices: [{ Condition: jsonata("$error = ''"), Next: 'Done' }],
      Default: 'Failed',
    },
    Done: {
      Type: 'Succeed',
      Output: {
        database: jsonata('$database'),
        box: jsonata('$instanceId'),
        backup: jsonata('$backup'),
        proof: jsonata('$proof'),
      },
    },
    Failed: { Type: 'Fail', Error: jsonata('$error'), Cause: jsonata('$cause') },
  };
}
