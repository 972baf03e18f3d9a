import type { Engine } from '../../contract/engines';

/** What the ages depend on. */
interface Given {
  readonly schedule: string;
  readonly engine: Engine;
  readonly proofEvery: number;
  readonly proofMaxAgeHours?: number | undefined;
  readonly runMaxGapHours?: number | undefined;
}

/** Half a day for a run that takes long, or is repeated by hand. */
const PROOF_MARGIN_HOURS = 12;
/** A run may begin at any minute of the hour, and summer time moves it by one. */
const RUN_HOURS = 26;

/**
 * From when on a proof is too old and a run missing, in hours; 0: never. Other schedules than daily ones must say it.
 */
export function maxAges(given: Given): { proofMaxAgeHours: number; runMaxGapHours: number } {
  const isWatched = given.schedule !== 'none';
  const canProve = given.engine !== 'mysql';
  return {
    proofMaxAgeHours:
      given.proofMaxAgeHours ?? (isWatched && canProve ? 24 * given.proofEvery + PROOF_MARGIN_HOURS : 0),
    runMaxGapHours: given.runMaxGapHours ?? (isWatched ? RUN_HOURS : 0),
  };
}
