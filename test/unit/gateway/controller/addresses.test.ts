import { expect, test } from '@jest/globals';
import { reachedAt } from '../../../../gateway/controller/addresses.ts';

type Given = Parameters<typeof reachedAt>;

const service = (spec: object, ingress?: unknown): Given[0] =>
  ({ spec, status: { loadBalancer: { ingress } } }) as unknown as Given[0];
const slices = (...ready: readonly (boolean | undefined)[]): Given[1] =>
  [{ endpoints: ready.map((value) => ({ addresses: ['10.0.0.1'], conditions: { ready: value } })) }] as never;

test.each<[string, Given[0], readonly string[]]>([
  [
    'addresses and names of its load balancer',
    service({ type: 'LoadBalancer', clusterIP: '10.1.1.1' }, [{ ip: '192.0.2.1' }, { hostname: 'lb.example.com' }]),
    ['192.0.2.1', 'lb.example.com'],
  ],
  ['nowhere while the load balancer has none', service({ type: 'LoadBalancer', clusterIP: '10.1.1.1' }), []],
  ['nowhere by what is no address', service({ type: 'LoadBalancer' }, [{}, 'x', { ip: 7 }]), []],
  ['its address in the cluster', service({ type: 'ClusterIP', clusterIP: '10.1.1.1' }), ['10.1.1.1']],
  ['nowhere without one', service({ type: 'ClusterIP', clusterIP: 'None' }), []],
])('a Gateway is reached at %s', (_, given, addresses) => {
  expect(reachedAt(given, slices(true))).toEqual({ addresses, pending: undefined });
});

test('what is not deployed, or has no pod that is ready, is pending', () => {
  expect(reachedAt(undefined, []).pending).toBe('The proxies are not deployed yet');
  const known = service({ type: 'ClusterIP', clusterIP: '10.1.1.1' });
  expect(reachedAt(known, slices(false)).pending).toBe('No proxy is ready yet');
  expect(reachedAt(known, []).pending).toBe('No proxy is ready yet');
  // EndpointSlice: unknown counts as ready.
  expect(reachedAt(known, slices(false, undefined)).pending).toBeUndefined();
});
