import { z } from 'zod';
import { intakeRulesShape, SOURCE_NAME } from '../../../contract/intake';
import { whole } from './kinds';

const NAME_MESSAGE = 'must be 1 to 20 lowercase letters, digits and single dashes, beginning with a letter';
const PRINCIPAL = /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]{1,512}$/;
const PRINCIPAL_MESSAGE =
  'must be the ARN of a role or user of this account, such as arn:aws:iam::123456789012:role/BackupVm';

/** One machine or group of machines that may hand files in. */
export const intakeSource = z.strictObject(
  {
    name: z.string(NAME_MESSAGE).regex(SOURCE_NAME, NAME_MESSAGE),
    /** Whose policy it becomes; without one the policy waits for somebody to attach it. */
    principal: z.string(PRINCIPAL_MESSAGE).regex(PRINCIPAL, PRINCIPAL_MESSAGE).optional(),
    /** Boxes of the source that may live at a time. */
    maxBoxes: whole(1, 10, 'boxes', 2),
    ...intakeRulesShape,
  },
  {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `knows no ${issue.keys.join(', ')}; accepted: name, principal, maxBoxes, ${Object.keys(intakeRulesShape).join(', ')}`
        : 'must be an object: {"name": "web", "principal": "arn:…"}',
  },
);

/** One machine or group of machines that may hand files in, with every default filled in. */
export type IntakeSourceSettings = Readonly<z.infer<typeof intakeSource>>;

const LIST_MESSAGE =
  'must be a list such as [{"name": "web", "principal": "arn:aws:iam::123456789012:role/BackupVm"}]';

/** Settings of the intake. */
export const intakeSettings = {
  intakeSources: z
    .array(intakeSource, LIST_MESSAGE)
    // Each has its lines in the policy of the bucket, which holds 20 KB.
    .max(8, 'must name at most 8 sources')
    .refine((sources) => new Set(sources.map(({ name }) => name)).size === sources.length, {
      error: 'must not name a source twice',
    })
    .default([])
    .describe('machines that may hand files in: name, principal, limits (JSON); see docs/intake-protocol.md'),
} as const;
