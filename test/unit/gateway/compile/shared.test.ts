import { describe, expect, test } from '@jest/globals';
import { compile } from '../../../../gateway/compile/compile.ts';
import { allMatches } from '../../../../gateway/compile/routes/table.ts';
import { resolve } from '../../../../gateway/resolve/resolve.ts';
import { resourcesOf } from '../../../support/configuration.ts';

const META = (name: string) => `metadata: {name: ${name}, namespace: ns}`;

const world = (listeners: number, policy: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
${META('gateway')}
spec:
  gatewayClassName: agentgateway
  listeners:
${Array.from({ length: listeners }, (_, index) => `  - {name: l${index}, port: 80, protocol: HTTP, hostname: l${index}.example}`).join('\n')}
---
${['one', 'two']
  .map(
    (name) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
${META(name)}
spec:
  parentRefs: [{name: gateway}]
  rules: [{matches: [{path: {value: /${name}}}], backendRefs: [{name: web, port: 80}]}]`,
  )
  .join('\n---')}
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
${META('policy')}
spec:
  ${policy}
  traffic: {authorization: {policy: {matchExpressions: ['true', 'false']}}}
`;

const GATEWAY = 'group: gateway.networking.k8s.io, kind: Gateway, name: gateway';

const matchesOf = (policy: string) => {
  const { binds } = compile(resolve(resourcesOf(world(3, policy))), 1).snapshot;
  return (binds[0]?.listeners ?? []).map(({ labels, routes }) => ({ labels, matches: allMatches(routes) }));
};

describe('compile, of a route on many listeners', () => {
  test('shares policies, backends and paths, and labels each listener', () => {
    const listeners = matchesOf(`targetRefs: [{${GATEWAY}}]`);
    const matches = listeners.flatMap((listener) => listener.matches);
    expect(matches).toHaveLength(6);
    expect(new Set(matches.map(({ rule }) => rule.policy)).size).toBe(1);
    expect(matches[0]?.rule.policy?.authorization).toHaveLength(2);
    expect(new Set(matches.map(({ rule }) => rule.backends[0]?.backend)).size).toBe(1);
    expect(new Set(matches.map(({ path }) => path)).size).toBe(2);
    for (const { labels, matches: own } of listeners) {
      expect(own.map(({ rule }) => rule.labels.listener)).toEqual([labels.listener, labels.listener]);
    }
  });

  test('keeps a policy of one listener to that listener', () => {
    const listeners = matchesOf(`targetRefs: [{${GATEWAY}, sectionName: l1}]`);
    const guarded = listeners.map(({ labels, matches }) => [
      labels.listener,
      ...matches.map(({ rule }) => rule.policy?.authorization.length ?? 0),
    ]);
    expect(guarded).toEqual([
      ['l0', 0, 0],
      ['l1', 2, 2],
      ['l2', 0, 0],
    ]);
  });
});

describe('resolve, of backends', () => {
  test('does not take a backend with a space in its reference for the port of a Service', () => {
    const text = world(1, `targetRefs: [{${GATEWAY}}]`).replace(
      'rules: [{matches: [{path: {value: /two}}], backendRefs: [{name: web, port: 80}]}]',
      'rules: [{backendRefs: [{group: agentgateway.dev, kind: AgentgatewayBackend, name: "web 80"}]}]',
    );
    const { resolved } = resolve(resourcesOf(text));
    const types = resolved.gateways[0]?.listeners[0]?.routes.map(({ rules }) => rules[0]?.backends[0]?.backend.type);
    expect(types).toEqual(['http', 'invalid']);
  });
});
