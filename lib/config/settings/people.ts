import { z } from 'zod';

const EMAIL = 'must be an e-mail address';

/** Settings about people. */
export const peopleSettings = {
  notifyEmail: z
    .email(EMAIL)
    .optional()
    .describe('who is told of failures and alarms; AWS asks that address to confirm first'),
} as const;
