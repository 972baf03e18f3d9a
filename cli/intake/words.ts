import { InvalidArgumentError } from 'commander';

/** Reads an instant; a day alone means its end, in UTC. */
export function instant(text: string): Date {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const at = new Date(isDay ? `${text}T23:59:59.999Z` : text);
  if ((isDay || isInstant) && !Number.isNaN(at.getTime())) return at;
  throw new InvalidArgumentError(
    'It must be a day such as 2026-11-22 or an instant such as 2026-11-22T03:00Z.',
  );
}
