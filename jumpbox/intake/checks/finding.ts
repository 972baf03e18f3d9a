import type { IntakeRules, Verdict } from '../../../contract/intake';

/** Rules that give a verdict on content. */
export type ContentRule = {
  [Name in keyof IntakeRules]: IntakeRules[Name] extends Verdict ? Name : never;
}[keyof IntakeRules];

/** Something that a rule speaks of. */
export interface Finding {
  readonly rule: ContentRule;
  readonly reason: string;
}
