/**
 * Tag of an object that the bucket's lifecycle may expire. Set by the retain function alone: nothing that runs on a box may
 * tag.
 */
export const EXPIRABLE = { key: 'drawbridge:expirable', value: 'yes' } as const;
