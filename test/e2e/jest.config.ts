import type { Config } from 'jest';
import base from '../../jest.config.ts';

/** Tests inside a cluster that main.ts has started; one file at a time, in the order of names. */
const config: Config = {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/test/e2e'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 300_000,
};

export default config;
