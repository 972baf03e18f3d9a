import type { LabContext } from './context';

/** A thing that every lab has one of: made when it is first asked for, and gone with its lab. */
export function onePerLab<T>(make: (context: LabContext) => T): (context: LabContext) => T {
  const known = new WeakMap<LabContext, T>();
  return (context) => {
    const found = known.get(context) ?? make(context);
    known.set(context, found);
    return found;
  };
}
