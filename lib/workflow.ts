import { Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sns from 'aws-cdk-lib/aws-sns';
import * as stepfunctions from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { withDefaults } from './config/defaults';
import type { SettingProps } from './config/props';
import type { Documents } from './documents';
import type { Encryption } from './encryption';
import type { LifecycleFunctions } from './lifecycle-functions';
import { describeInstances, sendToBackupBoxes } from './permissions';
import { backupDefinition } from './workflow/backup-definition';
import { runDefinition } from './workflow/run-definition';

/** Properties of {@link Workflow}. */
export interface WorkflowProps extends Pick<
  SettingProps,
  'databases' | 'backupConcurrency' | 'maxTtlMinutes' | 'proofEvery'
> {
  readonly encryption: Encryption;
  readonly functions: LifecycleFunctions;
  readonly documents: Documents;
  /** Who is told of failures. */
  readonly topic: sns.ITopic;
}

/** Every property, those of settings with their defaults. */
type Complete = ReturnType<typeof withDefaults<WorkflowProps>>;

/**
 * The run that backs up every database, and the execution for each of them. A finished execution cannot be stopped any
 * more, and one that is stopped or runs out of time runs nothing more: a rule then ends its box.
 */
export class Workflow extends Construct {
  /** Backs up all databases. */
  readonly run: stepfunctions.StateMachine;
  /** Backs up one. */
  readonly backup: stepfunctions.StateMachine;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const complete = withDefaults(props);
    this.backup = this.backupMachine(complete);
    this.run = this.runMachine(complete);
    this.endBoxesOfTheStopped(props.functions);
  }

  /** Lets somebody begin a run, and so back up every database now. */
  grantStart(grantee: iam.IGrantable): iam.Grant {
    return this.run.grantStartExecution(grantee);
  }

  /** Runs that have begun; by default the sum over five minutes. */
  metricRuns(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.run.metricStarted(options);
  }

  /** Runs that failed: at least one database was not backed up or not proven. By default the sum over five minutes. */
  metricFailures(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.run.metricFailed(options);
  }

  /** Duration of the backup of one database, proof included, in milliseconds; by default the mean over five minutes. */
  metricBackupTime(options?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.backup.metricTime(options);
  }

  private backupMachine(props: Complete): stepfunctions.StateMachine {
    const { create, destroy } = props.functions;
    const { backup, prove } = props.documents;
    const machine = this.machine('Backup', 'Backs up one database', props.encryption, {
      ...backupDefinition({
        ...props,
        create: create.handler.functionArn,
        destroy: destroy.handler.functionArn,
        backupDocument: backup.ref,
        proveDocument: prove.ref,
      }),
    });
    allow(
      machine,
      new iam.PolicyStatement({
        sid: 'OpenAndEndBoxes',
        actions: ['lambda:InvokeFunction'],
        resources: [create.handler.functionArn, destroy.handler.functionArn],
      }),
      ...sendToBackupBoxes(this, [backup.ref, prove.ref]),
      describeInstances(),
    );
    return machine;
  }

  private runMachine(props: Complete): stepfunctions.StateMachine {
    const machine = this.machine('Run', 'Backs up every database', props.encryption, {
      ...runDefinition({
        databases: props.databases,
        concurrency: props.backupConcurrency,
        maxTtlMinutes: props.maxTtlMinutes,
        backupMachineArn: this.backup.stateMachineArn,
        topicArn: props.topic.topicArn,
      }),
    });
    // What `.sync` needs: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: `execution:${this.backup.stateMachineName}:*`,
    });
    const rule = Stack.of(this).formatArn({
      service: 'events',
      resource: 'rule/StepFunctionsGetEventsForStepFunctionsExecutionRule',
    });
    const statement = (sid: string, actions: string[], resource: string): iam.PolicyStatement =>
      new iam.PolicyStatement({ sid, actions, resources: [resource] });
    allow(
      machine,
      statement('StartBackups', ['states:StartExecution'], this.backup.stateMachineArn),
      statement('FollowBackups', ['states:DescribeExecution', 'states:StopExecution'], executions),
      statement('LearnOfTheirEnd', ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'], rule),
      statement('Tell', ['sns:Publish'], props.topic.topicArn),
    );
    props.encryption.grantPublish(machine.role, props.topic);
    return machine;
  }

  /** Logs and traces everything: what a run did is asked when it is too late to turn that on. */
  private machine(
    id: string,
    comment: string,
    encryption: Encryption,
    definition: object,
  ): stepfunctions.StateMachine {
    return new stepfunctions.StateMachine(this, id, {
      comment,
      definitionBody: stepfunctions.DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      role: new iam.Role(this, `${id}Role`, {
        assumedBy: new iam.ServicePrincipal('states.amazonaws.com'),
        description: comment,
      }),
      logs: {
        destination: encryption.logGroup(this, `${id}Logs`),
        level: stepfunctions.LogLevel.ALL,
        includeExecutionData: true,
      },
      tracingEnabled: true,
    });
  }

  private endBoxesOfTheStopped({ destroy }: LifecycleFunctions): void {
    new events.Rule(this, 'Stopped', {
      description: 'Ends the box of a backup that was stopped, ran out of time or failed',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.backup.stateMachineArn],
          status: ['ABORTED', 'TIMED_OUT', 'FAILED'],
        },
      },
      targets: [
        new LambdaFunction(destroy.handler, {
          event: events.RuleTargetInput.fromObject({ holder: events.EventField.fromPath('$.detail.name') }),
          retryAttempts: 10,
        }),
      ],
    });
  }
}

function allow(machine: stepfunctions.StateMachine, ...statements: iam.PolicyStatement[]): void {
  for (const statement of statements) machine.addToRolePolicy(statement);
}
