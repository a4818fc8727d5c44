import { describe, expect, test } from '@jest/globals';
import { EXTENDED_FEATURES } from '../../lib/api/features.ts';
import { isCore, readCases } from './case.ts';
import { runPure, runSockets } from './run.ts';

const cases = readCases();

describe('Gateway API conformance, resolved and compiled alone', () => {
  test.each(cases)('$name', async (item) => expect(await runPure(item)).toEqual([]));
});

describe('Gateway API conformance, over sockets', () => {
  test.each(cases)('$name', async (item) => expect(await runSockets(item)).toEqual([]));
});

test('all 38 core tests of the suite are here', () => {
  expect(cases.filter(isCore)).toHaveLength(38);
});

test('every extended feature that is declared has a case', () => {
  const tried = new Set(cases.flatMap(({ features }) => features));
  // What is deployed for a Gateway shows in a cluster only: labels and annotations are tested with the controller.
  expect(EXTENDED_FEATURES.filter((feature) => !tried.has(feature))).toEqual(['GatewayInfrastructure']);
});
