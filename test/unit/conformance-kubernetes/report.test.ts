import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { EXTENDED_FEATURES } from '../../../lib/api/features.ts';
import { pinned } from '../../components/go.ts';
import { farFrom } from '../../conformance-kubernetes/addresses.ts';
import { parseReport, reportPath, withTable } from '../../conformance-kubernetes/report.ts';

const path = reportPath(pinned('conformance', 'sigs.k8s.io/gateway-api/conformance'));
const AGAIN = 'run make conformance-kubernetes';

describe(`the report of the Gateway API's suite, ${path}`, () => {
  const report = parseReport(readFileSync(path, 'utf8'));

  test(`is of every feature that the GatewayClass declares, else ${AGAIN}`, () => {
    expect(report.profiles.map(({ extended }) => extended?.supportedFeatures)).toEqual([EXTENDED_FEATURES]);
  });

  test('tells of no test that failed or was left out', () => {
    const results = report.profiles.flatMap(({ core, extended }) => [core, extended]);
    for (const result of results) {
      expect(result).toMatchObject({ result: 'success', statistics: { Failed: 0, Skipped: 0 } });
      expect(result?.statistics.Passed).toBeGreaterThan(0);
    }
  });

  test(`is what the README says, else ${AGAIN}`, () => {
    const readme = readFileSync('README.md', 'utf8');
    expect(withTable(readme, report)).toBe(readme);
  });
});

describe('an address that is asked for', () => {
  test.each([
    ['10.98.0.1', '10.98.0.129'],
    ['172.18.255.200', '172.18.255.72'],
    ['host.example.com', undefined],
    ['fd00::1', undefined],
  ])('is far from %s: %s', (given, far) => {
    expect(farFrom(given)).toBe(far);
  });
});
