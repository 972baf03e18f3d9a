import { fits, readPattern, transform } from '../../../lab/events/pattern';

const event = { source: 'aws.states', detail: { name: 'a "name"', status: 'ABORTED', depth: 3 } };

test('a pattern fits when every field has one of its values', () => {
  const pattern = readPattern('{"source":["aws.states"],"detail":{"status":["FAILED","ABORTED"]}}');
  expect(fits(pattern, event)).toBe(true);
  expect(fits(pattern, { ...event, source: 'aws.ec2' })).toBe(false);
  expect(fits(pattern, { ...event, detail: { status: 'SUCCEEDED' } })).toBe(false);
  expect(fits(pattern, { source: 'aws.states' })).toBe(false);
});

test('an operator that the lab does not match is refused', () => {
  expect(() => readPattern('{"source":[{"prefix":"aws."}]}')).toThrow('exact values and presence only');
});

test('a field may be asked to be there, or not to be', () => {
  const [present, absent] = [true, false].map((exists) =>
    readPattern(JSON.stringify({ detail: { errorCode: [{ exists }] } })),
  );
  const refused = { detail: { errorCode: 'AccessDenied' } };
  expect([present, absent].map((one) => one !== undefined && fits(one, refused))).toEqual([true, false]);
  expect([present, absent].map((one) => one !== undefined && fits(one, event))).toEqual([false, true]);
});

test('values go into the template as JSON, and as text inside a string', () => {
  const InputPathsMap = { name: '$.detail.name', depth: '$.detail.depth', none: '$.detail.none' };
  const filled = (InputTemplate: string): unknown =>
    JSON.parse(transform({ InputPathsMap, InputTemplate }, event));
  expect(filled('{"holder":<name>,"depth":<depth>,"none":<none>}')).toEqual({
    holder: 'a "name"',
    depth: 3,
    none: null,
  });
  expect(filled('{"says":"it is <name> at <depth><none>"}')).toEqual({ says: 'it is a "name" at 3' });
});
