import * as events from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { Settings } from './config/schema';
import type { Notifications } from './notifications';

/** CloudTrail's words for what IAM has refused. */
const REFUSALS = ['AccessDenied', 'AccessDeniedException'];

/** Properties of {@link SessionRules}. */
export interface SessionRulesProps extends Pick<Settings, 'notifySessions'> {
  readonly notifications: Notifications;
}

/**
 * Tells of sessions and SSH keys as they are asked for. CloudTrail hands such events to rules only where a trail of the
 * account logs management events:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 *
 * All of the account in this region: a call that IAM refuses need not name a document or a box of ours.
 */
export class SessionRules extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: SessionRulesProps,
  ) {
    super(scope, id);
    const { notifySessions } = props;
    if (notifySessions === 'none') return;
    this.tell('Refused', `was refused (${field('errorMessage')})`, REFUSALS);
    // One path or the other is there; the other is blank.
    const where = `${field('requestParameters.target')}${field('requestParameters.instanceId')}`;
    const as = `${field('requestParameters.documentName')}${field('requestParameters.osUser')}`;
    if (notifySessions === 'all') this.tell('Opened', `to ${where} (${as})`, events.Match.doesNotExist());
  }

  private tell(id: string, what: string, errorCode: string[]): void {
    const rule = new events.Rule(this, id, {
      description: `${id}: Session Manager sessions and SSH keys of EC2 Instance Connect`,
      eventPattern: {
        source: ['aws.ssm', 'aws.ec2-instance-connect'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: { eventName: ['StartSession', 'SendSSHPublicKey'], errorCode },
      },
    });
    const who = `by ${field('userIdentity.arn')} from ${field('sourceIPAddress')} at ${field('eventTime')}`;
    const text = `${field('eventName')} ${who} ${what}. What to do: docs/runbook.md#session-told`;
    this.props.notifications.tellBy(`${id}Sessions`, rule, text);
  }
}

const field = (path: string): string => events.EventField.fromPath(`$.detail.${path}`);
