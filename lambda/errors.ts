/*
 * Errors that a caller sees. Lambda shows `name` as errorType and `message` as errorMessage; the names are written out
 * because a bundler may shorten those of the classes. Refused input is `RefusedInput` of contract/problems.ts.
 */

/** As many boxes are live as the settings allow. */
export class TooManyBoxes extends Error {
  override readonly name = 'TooManyBoxes';
}

/** The box of this request is kept for somebody else. */
export class HeldByAnother extends Error {
  override readonly name = 'HeldByAnother';
}

/** No tried pair of instance type and subnet had room for a box. */
export class NoCapacity extends Error {
  override readonly name = 'NoCapacity';
}

/** A quota of the account is used up; another subnet or type would not help. */
export class QuotaReached extends Error {
  override readonly name = 'QuotaReached';
}

/** EC2 accepted a launch, but there is no living box to show for it. */
export class LaunchFailed extends Error {
  override readonly name = 'LaunchFailed';
}

/** The instance is not a box of this stack, or not one that can still be used. */
export class NotOurBox extends Error {
  override readonly name = 'NotOurBox';
}

/** Instances that were to be gone are not known to be `terminated`. */
export class NotTerminated extends Error {
  override readonly name = 'NotTerminated';
}

/** The sweep did what it could; something is left, and the message names it. */
export class SweepIncomplete extends Error {
  override readonly name = 'SweepIncomplete';
}
