import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Settings } from './config/schema';
import type { Encryption } from './encryption';

/** Properties of {@link Notifications}. */
export interface NotificationsProps extends Pick<Settings, 'notifyEmail'> {
  readonly encryption: Encryption;
}

/** Where failures and alarms are told. */
export class Notifications extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, props: NotificationsProps) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic', { masterKey: props.encryption.key, enforceSSL: true });
    if (props.notifyEmail !== undefined) this.topic.addSubscription(new EmailSubscription(props.notifyEmail));
  }
}
