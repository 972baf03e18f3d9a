import { distance } from 'fastest-levenshtein';

/** As people vary it: case, dashes and underscores, and the object's name in front. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^drawbridge[.:/]/, '')
    .replaceAll(/[-_]/g, '');

/** The known name that a wrong one most likely means; undefined when none is near. */
export function suggestionFor(wrong: string, known: readonly string[]): string | undefined {
  const near = known
    .map((name) => ({ name, edits: distance(plain(wrong), plain(name)) }))
    .filter(
      ({ name, edits }) => edits <= Math.min(3, Math.ceil(name.length / 3)) && edits < plain(wrong).length,
    );
  return near.sort((a, b) => a.edits - b.edits)[0]?.name;
}

/** A wrong name in a message: `egres (did you mean egress?)`. */
export function withSuggestion(wrong: string, known: readonly string[]): string {
  const suggestion = suggestionFor(wrong, known);
  return suggestion === undefined ? wrong : `${wrong} (did you mean ${suggestion}?)`;
}
