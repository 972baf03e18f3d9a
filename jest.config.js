const { availableParallelism } = require('node:os');

// CDK's own checker takes longer than all the rest of a synth; test/lib/stack.test.ts turns it on where it is the matter.
process.env.CDK_VALIDATION = 'false';

// Two projects: `unit` is pure Node and quick; `lab` needs the real parts (PostgreSQL, the lab).
const shared = {
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
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
    { ...shared, displayName: 'lab', testMatch: ['**/*.lab.test.ts'] },
  ],
  testTimeout: 120_000,
  globalSetup: '<rootDir>/test/support/temporary-files.ts',
  // The suites of the lab mostly wait: half as many workers again as processors keep these busy.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
};
