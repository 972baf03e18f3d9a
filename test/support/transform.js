const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { transformSync, version } = require('esbuild');

/** Takes the types out of a file for Jest; `tsc` checks them. Does not hoist `jest.mock`: import what calls it first. */
const options = {
  loader: 'ts',
  format: 'cjs',
  target: 'node20',
  // Jest cannot load modules by `import()`; it becomes `require`.
  supported: { 'dynamic-import': false },
  sourcemap: 'external',
  sourcesContent: false,
};

const digest = (...parts) =>
  parts.reduce((hash, part) => hash.update(part).update('\0'), createHash('sha256')).digest('hex');
const self = digest(version, readFileSync(__filename));

module.exports = {
  process: (source, file) => transformSync(source, { ...options, sourcefile: file }),
  getCacheKey: (source, file) => digest(self, file, source),
};
