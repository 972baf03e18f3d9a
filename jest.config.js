const { availableParallelism } = require('node:os');

// CDK's own checker takes longer than all the rest of a synth; test/lib/stack.test.ts turns it on where it is the matter.
process.env.CDK_VALIDATION = 'false';

// Two projects: `unit` is pure Node and quick; `lab` needs the real parts (PostgreSQL, the lab).
const shared = {
  testEnvironment: '<rootDir>/test/support/environment.js',
  transform: { '\\.ts$': '<rootDir>/test/support/transform.js' },
  roots: ['<rootDir>/test'],
  modulePathIgnorePatterns: ['<rootDir>/cdk.out'],
};

/** @type {import('jest').Config} */
module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['\\.lab\\.test\\.ts$'],
    },
    {
      ...shared,
      displayName: 'lab',
      testMatch: ['**/*.lab.test.ts'],
      globalSetup: '<rootDir>/test/support/emulator.ts',
    },
  ],
  // Ends what hangs; says nothing of speed, since the machine may be slow.
  testTimeout: 600_000,
  globalSetup: '<rootDir>/test/support/once.ts',
  testSequencer: '<rootDir>/test/support/sequence.js',
  // The suites of the lab mostly wait: two workers more than there are processors keep these busy.
  maxWorkers: availableParallelism() + 2,
};
