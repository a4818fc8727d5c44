import type { Config } from 'jest';
import base from '../../jest.config.ts';

/** Tests against real parts, one file at a time: an API server wants both cores while it starts. */
const config: Config = {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/test/integration'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 120_000,
};

export default config;
