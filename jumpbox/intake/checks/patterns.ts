import picomatch from 'picomatch';
import type { IntakeRules } from '../../../contract/intake';

/** Says why a path is not among those that are taken; undefined when it is. Names beginning with a dot are names too. */
export function pathRule({
  allow,
  refuse,
}: Pick<IntakeRules, 'allow' | 'refuse'>): (path: string) => string | undefined {
  const options = { dot: true, nonegate: true, noextglob: true };
  const allowed = picomatch([...allow], options);
  const refusing = refuse.map((pattern) => [pattern, picomatch(pattern, options)] as const);
  return (path) => {
    const [pattern] = refusing.find(([, matches]) => matches(path)) ?? [];
    if (pattern !== undefined) return `the rules refuse ${pattern}`;
    return allowed(path) ? undefined : `the rules take ${allow.join(', ')} only`;
  };
}
