import { z } from 'zod';
import { list, oneOf, whole, yesOrNo } from './kinds';

const EMAIL = 'must be an e-mail address';
const CIDR_MESSAGE = 'must be ranges of public addresses such as 203.0.113.0/24 or 2001:db8::/32';
const CIDR =
  /^(\d{1,3}(\.\d{1,3}){3}\/([0-9]|[12]\d|3[0-2])|[0-9a-fA-F:]*:[0-9a-fA-F:]*\/(\d{1,2}|1[01]\d|12[0-8]))$/;

/** Settings about the people who use the stack. */
export const peopleSettings = {
  notifyEmail: z
    .email(EMAIL)
    .optional()
    .describe('who is told of failures and alarms; AWS asks that address to confirm first'),
  notifySessions: oneOf(['none', 'refused', 'all'], 'none').describe(
    'which sessions and SSH keys the topic is told of, as they are asked for: `none`, `refused`, `all`; the account needs a trail',
  ),
  operatorMfa: yesOrNo(false).describe('operators must have signed in with a second factor'),
  operatorCidrs: list(z.string(CIDR_MESSAGE).regex(CIDR, CIDR_MESSAGE), CIDR_MESSAGE).describe(
    'networks from which operators may come; from anywhere when none is named',
  ),
  /** https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html */
  sessionIdleMinutes: whole(1, 60, 'minutes', 20).describe(
    'a session without a keystroke ends after so long',
  ),
  sessionMaxMinutes: whole(1, 1_440, 'minutes', 720).describe('a session ends after so long, used or not'),
} as const;
