/** Catches what functions write to standard output past the console; the answer reads its last line as JSON. */
export function written(): () => unknown {
  const lines: string[] = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  return () => JSON.parse(lines.at(-1) ?? 'null') as unknown;
}
