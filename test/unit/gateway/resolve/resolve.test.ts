import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_RESOLVE_OPTIONS, type ReferenceGrantMode, resolve } from '../../../../gateway/resolve/resolve.ts';
import type { GatewayClass } from '../../../../lib/api/gateway-api.ts';
import { CONTROLLER_NAME, GATEWAY_CLASS } from '../../../../lib/api/kinds.ts';
import type { Resources } from '../../../../lib/api/objects.ts';
import { resourcesOf } from '../../../support/configuration.ts';
import { printResolution } from '../../../support/print-resolution.ts';

const golden = (name: string): Resources =>
  resourcesOf(readFileSync(`test/golden/resolve/${name}.yaml`, 'utf8').split('---\n# Output\n')[0] ?? '');

const CLASS: GatewayClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: { name: GATEWAY_CLASS },
  spec: { controllerName: CONTROLLER_NAME },
};

describe('resolve', () => {
  test.each([
    'hostnames',
    'policy-precedence',
    'gateways-on-one-port',
    'collector-port',
    'backend-tls-policy-conflicts',
  ])('comes to the same result whatever the order of the objects: %s', (name) => {
    const resources = golden(name);
    const expected = JSON.stringify(printResolution(resolve(resources)));
    const shuffled = fc.record(
      Object.fromEntries(
        Object.entries(resources).map(([kind, objects]) => [
          kind,
          fc.shuffledSubarray([...objects], { minLength: objects.length }),
        ]),
      ),
    ) as unknown as fc.Arbitrary<Resources>;
    fc.assert(
      fc.property(shuffled, (order) => {
        expect(JSON.stringify(printResolution(resolve(order)))).toBe(expected);
      }),
      { numRuns: 20 },
    );
  });

  test('does not change what it is given', () => {
    const resources = golden('post');
    const before = JSON.stringify(resources);
    resolve(resources);
    expect(JSON.stringify(resources)).toBe(before);
  });

  test('stamps every condition with the generation of its object', () => {
    const text = readFileSync('test/golden/resolve/post.yaml', 'utf8').replaceAll(
      'metadata:\n',
      'metadata:\n  generation: 7\n',
    );
    const { statuses } = resolve(resourcesOf(text.split('---\n# Output\n')[0] ?? ''));
    const stamps = [...JSON.stringify(statuses).matchAll(/"observedGeneration":(\d+)/g)].map(([, stamp]) => stamp);
    expect(stamps.length).toBeGreaterThan(5);
    expect(new Set(stamps)).toEqual(new Set(['7']));
  });

  test.each<[ReferenceGrantMode, route: boolean, policy: boolean]>([
    ['route-and-policy', false, false],
    ['route', false, true],
    ['none', true, true],
  ])(
    '--reference-grants %s: without a grant a route gets its backend: %s, a policy its collector: %s',
    (mode, route, policy) => {
      const options = { ...DEFAULT_RESOLVE_OPTIONS, referenceGrants: mode };
      const ofRoute = resolve(golden('missing-grant'), options).resolved.gateways[0]?.listeners[0]?.routes[0];
      expect(ofRoute?.rules[0]?.backends[0]?.backend.type).toBe(route ? 'mcp' : 'invalid');
      const ofPolicy = resolve(golden('missing-policy-grant'), options).resolved.gateways[0]?.listeners[0]?.frontend;
      expect(ofPolicy?.tracing !== undefined).toBe(policy);
    },
  );

  test('in a cluster, a Gateway that is not there may be somebody else’s, and a Service must be', () => {
    const options = { ...DEFAULT_RESOLVE_OPTIONS, standalone: false };
    const { statuses } = resolve({ ...golden('parent-refs'), GatewayClass: [CLASS] }, options);
    const route = statuses.find(({ kind }) => kind === 'HTTPRoute');
    expect(route?.parents?.map(({ parentRef }) => parentRef.name)).not.toContain('gatway');
    const { resolved, statuses: ofPost } = resolve({ ...golden('post'), GatewayClass: [CLASS] }, options);
    expect(resolved.gateways[0]?.listeners[0]?.frontend.tracing).toBeUndefined();
    expect(JSON.stringify(ofPost)).toContain(
      'BackendNotFound: Service telemetry/opentelemetry-collector-traces not found',
    );
  });
});
