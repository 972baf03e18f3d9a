import {
  GetScheduleCommand,
  ListSchedulesCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';

/**
 * Disables schedules of the lab that the environment names.
 *
 * @param which - judges by the expression; all of them when nobody judges
 * @returns names of those that are disabled now
 */
export async function stopSchedules(
  which: (expression: string) => boolean = () => true,
): Promise<readonly string[]> {
  const scheduler = new SchedulerClient();
  const stopped: string[] = [];
  try {
    const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand());
    for (const { Name = '', GroupName } of Schedules) {
      const found = await scheduler.send(new GetScheduleCommand({ Name, GroupName }));
      const { ScheduleExpression = '', Target, FlexibleTimeWindow } = found;
      if (!which(ScheduleExpression)) continue;
      const State = 'DISABLED' as const;
      await scheduler.send(
        new UpdateScheduleCommand({ Name, GroupName, ScheduleExpression, Target, FlexibleTimeWindow, State }),
      );
      stopped.push(Name);
    }
  } finally {
    scheduler.destroy();
  }
  return stopped;
}
