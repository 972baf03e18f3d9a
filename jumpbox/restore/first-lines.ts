/** So many lines are named. */
const NAMED = 20;

/** The first lines, and how many more there are. */
export function firstLines(lines: readonly string[]): readonly string[] {
  const more = lines.length - NAMED;
  return more > 0 ? [...lines.slice(0, NAMED), `- and ${String(more)} more`] : lines;
}
