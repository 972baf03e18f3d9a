const { TestEnvironment } = require('jest-environment-node');

// A worker whose Jest was killed would go on to the end of its suite, with all the servers that it has started.
process.once('disconnect', () => process.exit(1));

module.exports = TestEnvironment;
