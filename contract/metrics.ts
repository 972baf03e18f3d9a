/** Namespace of our own metrics. Each has the dimension `Stack`, the name in the settings. */
export const METRIC_NAMESPACE = 'Drawbridge';

/** Names of our own metrics. */
export const METRICS = {
  /** Hours since the newest proven backup of a database (dimension `Database`) was stored; nothing while there is none. */
  hoursSinceProof: 'HoursSinceProof',
  /** Boxes that one sweep had to end although their own timer should have. */
  sweptBoxes: 'SweptBoxes',
  /** Boxes that one sweep should have ended and could not. */
  boxesPastExpiry: 'BoxesPastExpiry',
} as const;

/** What retention writes into its log about the newest backup of each database; the dashboard reads it there. */
export const NEWEST_BACKUP = 'newest backup';
