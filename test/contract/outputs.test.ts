import { sourceOutput, sourcesAmong } from '../../contract/outputs';

test('the names of outputs tell the sources again, dashes and digits included', () => {
  const sources = ['a', 'a-1', 'a1', 'web', 'web-logs', 'weblogs', 'x0-0x'];
  const outputs = sources.flatMap((source) => [
    sourceOutput(source, 'createFunction'),
    sourceOutput(source, 'policy'),
  ]);
  expect(new Set(outputs).size).toBe(outputs.length);
  expect(outputs.every((name) => /^[A-Za-z0-9]+$/.test(name))).toBe(true);
  expect(sourcesAmong([...outputs, 'IntakeDocumentName', 'OperatorPolicyArn'])).toEqual(sources.sort());
});
