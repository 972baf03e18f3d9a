/**
 * Tag of an object that the bucket's lifecycle may expire. Set by the retain function alone: nothing that runs on a box may
 * tag.
 */
export const EXPIRABLE = { key: 'drawbridge:expirable', value: 'yes' } as const;

/** Namespace of our own metrics. */
export const METRIC_NAMESPACE = 'Drawbridge';

/** Hours since the newest proven backup of a database was stored; nothing while there is none. */
export const HOURS_SINCE_PROOF = 'HoursSinceProof';
