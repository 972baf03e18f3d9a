import type { Resource, TemplateJson } from './synth';

function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (key === 'Ref') return [String(inner)];
    if (key === 'Fn::GetAtt') return [String((inner as unknown[])[0])];
    if (key === 'Fn::Sub') {
      const text = Array.isArray(inner) ? String(inner[0]) : String(inner);
      return [...text.matchAll(/\$\{([^.}!]+)/g)].map((match) => match[1] ?? '');
    }
    return references(inner);
  });
}

/** What CloudFormation creates before what, and deletes after it: DependsOn and every reference. */
export class Graph {
  private readonly edges: ReadonlyMap<string, readonly string[]>;

  constructor(private readonly template: TemplateJson) {
    const ids = new Set(Object.keys(template.Resources));
    const needs = ({ DependsOn, Properties }: Resource): string[] =>
      [...(DependsOn ?? []), ...references(Properties)].filter((id) => ids.has(id));
    this.edges = new Map(Object.entries(template.Resources).map(([id, one]) => [id, needs(one)]));
  }

  /** Everything that goes only after `id` is gone. */
  goneAfter(id: string, seen = new Set<string>()): Set<string> {
    for (const next of this.edges.get(id) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      this.goneAfter(next, seen);
    }
    return seen;
  }

  /** Ids of resources of a type (any when undefined) whose id begins so. */
  ids(type: string | undefined, idPrefix = ''): string[] {
    return Object.entries(this.template.Resources)
      .filter(([id, { Type }]) => (type === undefined || Type === type) && id.startsWith(idPrefix))
      .map(([id]) => id);
  }
}
