/** One entry of an archive's table of contents. */
export interface TocEntry {
  /** Number of the entry in its archive, by which pg_restore names it in errors. */
  readonly id: number;
  /** Type, schema, name and owner, as `pg_restore --list` writes them: `TABLE public customer app`. */
  readonly identity: string;
}

/** Reads `pg_restore --list`. */
export function parseToc(listing: string): TocEntry[] {
  return listing.split('\n').flatMap((line) => {
    const [, id, identity] = /^(\d+); \d+ \d+ (.+)$/.exec(line) ?? [];
    return id === undefined || identity === undefined ? [] : [{ id: Number(id), identity }];
  });
}

function countOf(entries: readonly TocEntry[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { identity } of entries) counts.set(identity, (counts.get(identity) ?? 0) + 1);
  return counts;
}

/** Entries that stand in one list more often than in the other. */
export function tocDifference(
  archive: readonly TocEntry[],
  restored: readonly TocEntry[],
): { readonly missing: string[]; readonly unexpected: string[] } {
  const [before, after] = [countOf(archive), countOf(restored)];
  const surplus = (one: Map<string, number>, other: Map<string, number>): string[] =>
    [...one].flatMap(([identity, count]) =>
      Array<string>(Math.max(0, count - (other.get(identity) ?? 0))).fill(identity),
    );
  return { missing: surplus(before, after), unexpected: surplus(after, before) };
}

/** Names of the extensions that an archive creates. */
export function extensionsOf(entries: readonly TocEntry[]): string[] {
  return entries.flatMap(({ identity }) => /^EXTENSION - (.+?) *$/.exec(identity)?.[1] ?? []);
}
