import { TemplateError } from './values';

/** For each name, the names that must come before it. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/** An order in which every name comes after what it depends on. */
export function orderOf(dependencies: Dependencies): string[] {
  const order: string[] = [];
  const left = new Set(dependencies.keys());
  while (left.size > 0) {
    const ready = [...left].filter((name) =>
      [...(dependencies.get(name) ?? [])].every((before) => !left.has(before)),
    );
    if (ready.length === 0)
      throw new TemplateError(`Circular dependency between resources: [${[...left].join(', ')}]`);
    for (const name of ready) left.delete(name);
    order.push(...ready);
  }
  return order;
}

/** The same dependencies the other way round: what was made last goes first. */
export function reversed(dependencies: Dependencies): Dependencies {
  const result = new Map([...dependencies.keys()].map((name) => [name, new Set<string>()]));
  for (const [name, before] of dependencies) for (const one of before) result.get(one)?.add(name);
  return result;
}

/** Whether a failure ends what has not begun yet. */
export type OnFailure = 'stop' | 'continue';

/**
 * Does work for every name as soon as what it depends on is done, side by side.
 *
 * @param onFailure - `stop`: after a failure nothing new begins; `continue`: only what depends on the failed is left out
 * @returns names that failed, with their errors
 */
export async function runInOrder(
  dependencies: Dependencies,
  work: (name: string) => Promise<void>,
  onFailure: OnFailure,
): Promise<Map<string, unknown>> {
  const failures = new Map<string, unknown>();
  const skipped = new Set<string>();
  const running = new Map<string, Promise<void>>();
  for (const name of orderOf(dependencies)) {
    const before = [...(dependencies.get(name) ?? [])];
    const task = async (): Promise<void> => {
      await Promise.all(before.map((one) => running.get(one) ?? Promise.resolve()));
      const blocked = before.some((one) => failures.has(one) || skipped.has(one));
      if (blocked || (onFailure === 'stop' && failures.size > 0)) skipped.add(name);
      else
        await work(name).catch((error: unknown) => {
          failures.set(name, error);
        });
    };
    running.set(name, task());
  }
  await Promise.all(running.values());
  return failures;
}
