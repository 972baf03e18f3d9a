const { TestEnvironment } = require('jest-environment-node');

const end = () => process.exit(1);

module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    // A worker whose Jest was killed would go on to the end of its suite, with all the servers that it has started.
    process.once('disconnect', end);
  }

  async teardown() {
    // Whoever listens keeps the process: a worker that has nothing to do any more must be able to end.
    process.off('disconnect', end);
    await super.teardown();
  }
};
