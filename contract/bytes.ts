/** Bytes as people read them: `1.5 MiB`. */
export function inBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const value = bytes / 1024 ** step;
  return `${step === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[step] ?? 'B'}`;
}
