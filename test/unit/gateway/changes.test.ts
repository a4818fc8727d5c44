import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compile } from '../../../gateway/compile/compile.ts';
import { Configuration, type Report } from '../../../gateway/configuration.ts';
import { resolve } from '../../../gateway/resolve/resolve.ts';
import type { ResourceEvent } from '../../../gateway/source/event.ts';
import { BEGINNING, change } from '../../support/changing-world.ts';

const checks = { certificateProblem: () => undefined, authorityProblem: () => undefined };

interface Followed {
  readonly configuration: Configuration;
  readonly versions: number[];
  readonly reports: Report[];
}

const follow = (standalone: boolean): Followed => {
  const versions: number[] = [];
  const reports: Report[] = [];
  const configuration = new Configuration({
    resolve: () => ({ standalone, ...checks }),
    onSnapshot: ({ version }) => versions.push(version),
    onReport: (report) => reports.push(report),
  });
  configuration.onChange(BEGINNING, []);
  return { configuration, versions, reports };
};

const foreign = (kind: 'Service' | 'EndpointSlice', name: string): ResourceEvent => {
  const metadata = { namespace: 'elsewhere', name, labels: { 'kubernetes.io/service-name': 'foreign' } };
  return kind === 'Service'
    ? { type: 'put', resource: { kind, object: { apiVersion: 'v1', kind, metadata, spec: { ports: [{ port: 80 }] } } } }
    : {
        type: 'put',
        resource: {
          kind,
          object: { apiVersion: 'discovery.k8s.io/v1', kind, metadata, addressType: 'IPv4', endpoints: [] },
        },
      };
};

describe('Configuration, as objects change', () => {
  test.each([true, false])(
    'is what it would be if everything were resolved anew, after any changes (standalone: %s)',
    (standalone) => {
      const changes = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { maxLength: 12 });
      fc.assert(
        fc.property(changes, (batches) => {
          const { configuration, reports } = follow(standalone);
          for (const batch of batches) {
            configuration.onChange(batch, []);
            const anew = compile(resolve(configuration.resources, { standalone, ...checks }), 1);
            expect(configuration.snapshot?.binds).toEqual(anew.snapshot.binds);
            expect(reports.at(-1)?.statuses).toEqual(anew.statuses);
          }
        }),
        { numRuns: 150 },
      );
    },
  );

  test('takes no notice of what no Gateway leads to', () => {
    const { configuration, versions, reports } = follow(false);
    for (let index = 0; index < 20; index++) {
      configuration.onChange([foreign('EndpointSlice', `foreign-${index}`)], []);
      configuration.onChange([foreign('Service', `foreign-${index}`)], []);
    }
    expect(versions).toEqual([1]);
    expect(reports).toHaveLength(1);
    expect(configuration.resources.EndpointSlice.length).toBeGreaterThanOrEqual(20);
  });

  test('says when problems are others, though all objects stay', () => {
    const { configuration, versions, reports } = follow(false);
    configuration.onChange([], [{ severity: 'error', rule: 'unreachable', message: 'gone' }]);
    expect(reports.at(-1)?.findings.map(({ message }) => message)).toContain('gone');
    configuration.onChange([], []);
    expect(reports.at(-1)?.findings.map(({ message }) => message)).not.toContain('gone');
    expect(versions).toEqual([1]);
  });
});
