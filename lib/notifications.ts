import { ArnFormat, Aws, Stack } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { SettingProps } from './config/props';
import type { Encryption } from './encryption';

/** Properties of {@link Notifications}. */
export interface NotificationsProps extends Pick<SettingProps, 'notifyEmail'> {
  readonly encryption: Encryption;
}

/** Where failures and alarms are told. */
export class Notifications extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, props: NotificationsProps) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic', { masterKey: props.encryption.key, enforceSSL: true });
    if (props.notifyEmail !== undefined) this.topic.addSubscription(new EmailSubscription(props.notifyEmail));
    this.letAlarmsIn();
    props.encryption.letServicesPublish();
  }

  /** An execution that is stopped or runs out of time runs nothing more, and so cannot tell: a rule does. */
  tellOfStopped(run: IStateMachine): void {
    const rule = new events.Rule(this, 'Stopped', {
      description: 'Tells of a run that was stopped or ran out of time',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [run.stateMachineArn], status: ['ABORTED', 'TIMED_OUT'] },
      },
    });
    const field = (path: string): string => events.EventField.fromPath(path);
    this.tellBy(
      'RuleOfThisStack',
      rule,
      `Backup run ended early: ${field('$.detail.status')}. Databases that it had not reached have no new backup. ` +
        `Execution: ${field('$.detail.executionArn')}. What to do: docs/runbook.md#run-failed`,
    );
  }

  /**
   * Sends a text to the topic for each event that fits a rule.
   *
   * @param sid - of the statement that lets the rule publish, one for each rule
   * @param text - with fields of the event
   */
  tellBy(sid: string, rule: events.Rule, text: string): void {
    const input = events.RuleTargetInput.fromText(text);
    // The CDK's own target would let every rule of every account publish, and use the key.
    rule.addTarget({
      bind: () => ({ arn: this.topic.topicArn, input, retryPolicy: { maximumRetryAttempts: 10 } }),
    });
    this.letIn(sid, 'events', rule.ruleArn);
  }

  /** A topic with a policy of its own has lost the default one, by which alarms of the account come in. */
  private letAlarmsIn(): void {
    const alarms = Stack.of(this).formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: `${Aws.STACK_NAME}-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.letIn('AlarmsOfThisStack', 'cloudwatch', alarms);
  }

  private letIn(sid: string, service: string, source: string): void {
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid,
        principals: [new iam.ServicePrincipal(`${service}.amazonaws.com`)],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { ArnLike: { 'aws:SourceArn': source } },
      }),
    );
  }
}
