import type { Difference } from '../../contract/manifest';
import type { Finding } from '../engine';

/** A finding of differences that left nothing to compare. */
export const nothingCompared = (
  differences: readonly Difference[],
  scratchServerVersion: string,
): Finding => ({
  exceptions: [],
  differences: [...differences],
  scratchServerVersion,
  tablesCompared: 0,
  rowsCompared: 0,
});
