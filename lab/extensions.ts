import { autoScalingExtension } from './autoscaling/extension';
import { cloudTrailExtension } from './cloudtrail/extension';
import type { LabContext } from './context';
import { ec2Extension } from './ec2/extension';
import type { Extension } from './endpoint/extension';
import { instanceConnectExtension } from './instance-connect/extension';
import { s3Extension } from './s3/extension';
import { vpcExtension } from './vpc/extension';
import { lambdaExtension } from './lambda/extension';
import { rdsExtension } from './rds/extension';
import { schedulerExtension } from './scheduler/extension';
import { eventsExtension } from './events/extension';
import { schemasExtension } from './schemas/extension';
import { ssmExtension } from './ssm/extension';
import { statesExtension } from './states/extension';

/** Makes an extension for one running lab. */
export type ExtensionFactory = (context: LabContext) => Extension;

/**
 * What stands in front of the emulator besides CloudFormation, which `serve.ts` adds itself.
 * Several extensions of one service may stand side by side; an operation may be intercepted only once.
 */
export const EXTENSIONS: readonly ExtensionFactory[] = [
  s3Extension,
  vpcExtension,
  ec2Extension,
  instanceConnectExtension,
  lambdaExtension,
  ssmExtension,
  rdsExtension,
  schedulerExtension,
  statesExtension,
  eventsExtension,
  autoScalingExtension,
  cloudTrailExtension,
  schemasExtension,
];
