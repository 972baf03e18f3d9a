import * as iam from 'aws-cdk-lib/aws-iam';
import { type IScheduleTarget, Schedule, type ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';

/** What is to happen, and when. */
export interface ScheduleProps {
  /** What the schedule does. */
  readonly description: string;
  /** What its role is for. */
  readonly roleDescription: string;
  readonly schedule: ScheduleExpression;
  /** Called with the role by which the schedule acts. */
  readonly target: (role: iam.Role) => IScheduleTarget;
}

/** Adds a schedule with a role of its own, which stands, with what it may do, as long as the schedule does. */
export function addSchedule(scope: Construct, props: ScheduleProps): void {
  const role = new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com'),
    description: props.roleDescription,
  });
  const schedule = new Schedule(scope, 'Schedule', {
    description: props.description,
    schedule: props.schedule,
    target: props.target(role),
  });
  schedule.node.addDependency(role);
}
