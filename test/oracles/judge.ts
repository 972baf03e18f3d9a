import type { Accepted } from './accepted';
import type { Finding } from './findings';

const accepts = (accepted: Accepted, rule: string, { rule: found, at }: Finding): boolean =>
  rule === found && (accepted.at === undefined || accepted.at.some((start) => at.startsWith(start)));

/** Findings that no reason covers, one line each. */
export const unaccepted = (findings: readonly Finding[], list: readonly Accepted[]): string[] => [
  ...new Set(
    findings
      .filter((finding) => !list.some((one) => one.rules.some((rule) => accepts(one, rule, finding))))
      .map(({ rule, at, says }) => `${rule} at ${at}: ${says}`),
  ),
];

/** Rules and places of the list that match no finding any more: the reason is about nothing. */
export function obsolete(findings: readonly Finding[], list: readonly Accepted[]): string[] {
  return list.flatMap((one) => {
    const rules = one.rules.filter((rule) => !findings.some((finding) => accepts(one, rule, finding)));
    const places = (one.at ?? []).filter((start) => {
      const here = { ...one, at: [start] };
      return !findings.some((finding) => one.rules.some((rule) => accepts(here, rule, finding)));
    });
    return [...rules, ...places.map((place) => `${one.rules.join(', ')} at ${place}`)];
  });
}
