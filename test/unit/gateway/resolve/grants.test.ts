import { describe, expect, test } from '@jest/globals';
import { Grants } from '../../../../gateway/resolve/grants.ts';
import { KINDS } from '../../../../lib/api/kinds.ts';

const grants = new Grants([
  {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: 'grant', namespace: 'telemetry' },
    spec: {
      from: [
        { group: 'agentgateway.dev', kind: 'AgentgatewayPolicy', namespace: 'a' },
        { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'b' },
      ],
      to: [
        { group: '', kind: 'Service', name: 'collector' },
        { group: 'agentgateway.dev', kind: 'AgentgatewayBackend' },
      ],
    },
  },
]);
const service = { group: '', kind: 'Service', namespace: 'telemetry', name: 'collector' };
const policy = { kind: KINDS.AgentgatewayPolicy, namespace: 'a' };

describe('Grants', () => {
  test('nothing is needed within a namespace', () => {
    expect(new Grants([]).allows({ from: policy, to: { ...service, namespace: 'a' } })).toBe(true);
  });

  test('every from goes with every to, and a to without a name with all names', () => {
    const route = { kind: KINDS.HTTPRoute, namespace: 'b' };
    const backend = { group: 'agentgateway.dev', kind: 'AgentgatewayBackend', namespace: 'telemetry', name: 'any' };
    for (const from of [policy, route])
      for (const to of [service, backend]) expect(grants.allows({ from, to })).toBe(true);
  });

  test.each([
    ['another name', policy, { ...service, name: 'other' }],
    ['another namespace referred to', policy, { ...service, namespace: 'other' }],
    ['another kind', policy, { ...service, kind: 'ConfigMap' }],
    ['another group', policy, { ...service, group: 'example.com' }],
    ['another namespace referring', { ...policy, namespace: 'b' }, service],
    ['another kind referring', { ...policy, kind: KINDS.Gateway }, service],
  ])('%s is not allowed', (_, from, to) => expect(grants.allows({ from, to })).toBe(false));
});
