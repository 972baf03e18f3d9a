import { z } from 'zod';
import { yesOrNo } from './kinds';

const PROOF = 'must be a whole number of hours from 0 to 9000';
/** CloudWatch looks back over seven days at most: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html */
const RUN = 'must be a whole number of hours from 0 to 168';

/** Settings of what is watched. */
export const monitoringSettings = {
  /** Its default depends on schedule, proofEvery and engine. */
  proofMaxAgeHours: z
    .int(PROOF)
    .min(0, PROOF)
    .max(9_000, PROOF)
    .optional()
    .describe(
      'an alarm rings when the newest proven backup of a database is older; by default a day and a half with a daily `schedule`, ' +
        'a day longer for each backup that `proofEvery` leaves out; `0`: never, as with `schedule` `none`',
    ),
  /** Its default depends on schedule. */
  runMaxGapHours: z
    .int(RUN)
    .min(0, RUN)
    .max(168, RUN)
    .optional()
    .describe(
      'an alarm rings when no run has begun for so long, a week at most; by default 26 with a daily `schedule`; ' +
        '`0`: never, as with `schedule` `none`',
    ),
  dashboard: yesOrNo(true).describe(
    'a CloudWatch dashboard; an account has three for nothing, each further one costs $3 a month',
  ),
} as const;
