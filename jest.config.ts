import type { Config } from 'jest';

const config: Config = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // These need more than npm, and have projects of their own.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(integration|e2e)/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  // Real sockets and child processes: two cores at most, and a bound on every test.
  maxWorkers: 2,
  testTimeout: 60_000,
};

export default config;
