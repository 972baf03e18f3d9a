/** What a box may do, fixed when the stack is deployed. */
export const PURPOSES = ['access', 'backup', 'restore', 'intake'] as const;

/** One of {@link PURPOSES}. */
export type Purpose = (typeof PURPOSES)[number];
