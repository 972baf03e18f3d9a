import { difference } from './difference';

test('names what goes and what comes, at the place where it does', () => {
  const before = { same: [1], gone: 1, changed: 'a', list: [1, { a: 1 }, 3], deep: { x: { y: 1, z: 2 } } };
  const after = { same: [1], come: 2, changed: 'b', list: [1, { a: 2 }, 3], deep: { x: { y: 1, z: 3 } } };
  expect(difference(before, after)).toEqual({
    gone: { '-': 1 },
    come: { '+': 2 },
    changed: { '-': 'a', '+': 'b' },
    list: { '-': [{ a: 1 }], '+': [{ a: 2 }] },
    deep: { x: { z: { '-': 2, '+': 3 } } },
  });
});

test('another order of a list, or one of two alike, is a difference', () => {
  expect(difference([1, 2], [2, 1])).toEqual({ '-': [1, 2], '+': [2, 1] });
  expect(difference({ a: [1, 1] }, { a: [1] })).toEqual({ a: { '-': [1, 1], '+': [1] } });
});

test('an object that goes is named, not shown', () => {
  expect(difference({ a: { b: 1 } }, {})).toEqual({ a: { '-': '{…}' } });
});

test('a value of another kind is replaced as a whole', () => {
  expect(difference({ a: { b: 1 } }, { a: [1] })).toEqual({ a: { '-': { b: 1 }, '+': [1] } });
});
