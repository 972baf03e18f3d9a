import { failTo, failure, integration, jsonata, repeat, type States } from './steps';

/** What Systems Manager answers to too many calls: its model has an error of that name, but no operation that is used here. */
const SSM_THROTTLED = ['Ssm.ThrottlingException', 'Ssm.SsmException'];
/** Ways in which a call to Systems Manager or EC2 fails that says nothing about the box. */
export const SSM_TROUBLE = [...SSM_THROTTLED, 'Ssm.InternalServerErrorException', 'Ssm.SdkClientException'];
const EC2_TROUBLE = ['Ec2.Ec2Exception', 'Ec2.SdkClientException'];

/** A command is with its box, or on its way there. */
const UNDER_WAY = "['Pending', 'InProgress', 'Delayed', 'Cancelling']";

/** Seconds in which the agent must fetch a command; it is online when the command is sent. */
const DELIVERY_SECONDS = 600;

/** Before the first look at a command, and how much longer before each further one. */
const FIRST_PAUSE_SECONDS = 5;
const LONGER_SECONDS = 10;

/** One document that is run on the box. */
export interface Command {
  /** Names the states: `Backup` gives `StartBackup`, `LookAtBackup`, … */
  readonly name: string;
  readonly documentName: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  /** The longest pause between two looks at it. The first ones are shorter: most databases are small. */
  readonly pollSeconds: number;
  /**
   * An exit code that is no failure, and where to go then.
   *
   * @defaultValue none
   */
  readonly unless?: { readonly code: number; readonly next: string };
  /** JSONata that names the error when the program on the box ended with `$command.code`. */
  readonly error: string;
  /** Where to go when it has succeeded; `$command.output` is what the program printed, parsed. */
  readonly next: string;
  /** Where to go with `$error` and `$cause` when it has not. */
  readonly onFailure: string;
}

/** Runs a document on the box `$instanceId` and waits for its end, or for the end of the box. */
export function runCommand(command: Command): States {
  const { name, onFailure, unless } = command;
  const [pause, look, ended, see, stands] = [
    `Pause${name}`,
    `LookAt${name}`,
    `${name}Ended`,
    `SeeBoxOf${name}`,
    `BoxOf${name}Stands`,
  ];
  return {
    [`Start${name}`]: {
      Type: 'Task',
      Resource: integration('aws-sdk:ssm:sendCommand'),
      Arguments: {
        DocumentName: command.documentName,
        // What this deployment says, not what is the default: CloudFormation makes a new version the default, but was seen not to
        // (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2539).
        DocumentVersion: '$LATEST',
        InstanceIds: [jsonata('$instanceId')],
        Parameters: command.parameters,
        TimeoutSeconds: DELIVERY_SECONDS,
      },
      Assign: { commandId: jsonata('$states.result.Command.CommandId'), looks: 0 },
      Output: {},
      // Nothing else is repeated: the command might have been sent, and a box does one thing at a time.
      Retry: [repeat(...SSM_THROTTLED, 'Ssm.InvalidInstanceIdException')],
      Catch: [failTo(onFailure)],
      Next: pause,
    },
    [pause]: {
      Type: 'Wait',
      Seconds: jsonata(`$min([${command.pollSeconds}, ${FIRST_PAUSE_SECONDS} + ${LONGER_SECONDS} * $looks])`),
      Next: look,
    },
    [look]: {
      Type: 'Task',
      Resource: integration('aws-sdk:ssm:getCommandInvocation'),
      Arguments: { CommandId: jsonata('$commandId'), InstanceId: jsonata('$instanceId') },
      Assign: { command: jsonata(SEEN), looks: jsonata('$looks + 1') },
      Output: {},
      Retry: [repeat(...SSM_TROUBLE, 'Ssm.InvocationDoesNotExistException')],
      Catch: [failTo(onFailure)],
      Next: ended,
    },
    [ended]: {
      Type: 'Choice',
      Choices: [
        { Condition: jsonata("$command.status = 'Success'"), Next: command.next },
        { Condition: jsonata(`$command.status in ${UNDER_WAY}`), Next: see },
        ...(unless === undefined
          ? []
          : [{ Condition: jsonata(`$command.code = ${unless.code}`), Next: unless.next }]),
      ],
      Default: `${name}Failed`,
    },
    [`${name}Failed`]: failure(command.error, FAILED, onFailure),
    // A box that has gone reports nothing any more: its command would stay under way until its time is up.
    [see]: {
      Type: 'Task',
      Resource: integration('aws-sdk:ec2:describeInstances'),
      Arguments: { InstanceIds: [jsonata('$instanceId')] },
      Assign: { box: jsonata(BOX) },
      Output: {},
      Retry: [repeat(...EC2_TROUBLE)],
      Catch: [failTo(onFailure)],
      Next: stands,
    },
    [stands]: {
      Type: 'Choice',
      Choices: [{ Condition: jsonata("$box.state in ['pending', 'running']"), Next: pause }],
      Default: `BoxOf${name}Lost`,
    },
    [`BoxOf${name}Lost`]: failure("'BoxLost'", LOST, onFailure),
  };
}

/** Read here and not later: only a task can catch output that is no JSON. */
const SEEN =
  "{'status': $states.result.Status, 'details': $states.result.StatusDetails, 'code': $states.result.ResponseCode, " +
  "'output': $states.result.Status = 'Success' ? $parse($states.result.StandardOutputContent) : {}, 'words': $substring($states.result.StandardErrorContent, -1000)}";

const FAILED = "'exit code ' & $command.code & ', ' & $command.details & ': ' & $trim($command.words)";

const BOX =
  "($instance := $states.result.Reservations[0].Instances[0]; {'state': $instance.State.Name, " +
  "'reason': $exists($instance.StateReason.Message) ? $instance.StateReason.Message : 'EC2 gives no reason'})";

const LOST = "'the box ' & $instanceId & ' is ' & $box.state & ': ' & $box.reason";
