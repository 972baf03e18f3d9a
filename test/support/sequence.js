const { default: Sequencer } = require('@jest/test-sequencer');

/** Longest first, where a name says it: suites that deploy or judge, then others with real parts, then the rest. */
const rank = (path) =>
  [/\/(e2e|oracles)\//, /\.lab\.test\.ts$/, /./].findIndex((pattern) => pattern.test(path));

/** Jest knows how long a suite took only where it has run before; on a clean clone it would begin with the largest files. */
module.exports = class extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const known = tests.every(({ duration }) => duration !== undefined);
    return known ? sorted : [...sorted].sort((a, b) => rank(a.path) - rank(b.path));
  }
};
