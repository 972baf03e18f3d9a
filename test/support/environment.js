const { dirname } = require('node:path');
// Part of Jest, and no dependency of its own.
const { TestEnvironment } = require(
  require.resolve('jest-environment-node', { paths: [dirname(require.resolve('jest'))] }),
);

// A worker whose Jest was killed would go on to the end of its suite, with all the servers that it has started.
process.once('disconnect', () => process.exit(1));

module.exports = TestEnvironment;
