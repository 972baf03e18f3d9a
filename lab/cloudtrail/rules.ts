import { CloudTrailClient, DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import { busOf } from '../events/bus';
import type { TrailRecord } from './record';

/**
 * Calls whose events rules may want, by the service's name in `source`. The others are not looked at: the lab's own work is
 * thousands of calls.
 */
const TOLD: Readonly<Record<string, string>> = {
  StartSession: 'aws.ssm',
  SendSSHPublicKey: 'aws.ec2-instance-connect',
};

/**
 * Hands the event of a call to the rules, as CloudTrail does where a trail logs:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
export function tellRules(context: LabContext, recorded: Promise<TrailRecord> | undefined): void {
  recorded
    ?.then(async (record) => {
      const source = TOLD[record.eventName];
      if (source === undefined || !(await hasTrail(context, record.awsRegion))) return;
      busOf(context).emit(record.awsRegion, {
        source,
        'detail-type': 'AWS API Call via CloudTrail',
        resources: [],
        detail: { ...record },
      });
    })
    .catch((error: unknown) => {
      context.log(`cloudtrail: an event did not reach the rules: ${String(error)}`);
    });
}

async function hasTrail(context: LabContext, region: string): Promise<boolean> {
  const client = new CloudTrailClient(emulatorAccess(context, region));
  try {
    const { trailList = [] } = await client.send(new DescribeTrailsCommand({}));
    const logs = trailList.map(async ({ TrailARN }) => {
      const { IsLogging } = await client.send(new GetTrailStatusCommand({ Name: TrailARN }));
      return IsLogging === true;
    });
    return (await Promise.all(logs)).includes(true);
  } finally {
    client.destroy();
  }
}
