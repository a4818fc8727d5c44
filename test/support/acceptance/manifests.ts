import { readFileSync } from 'node:fs';

/** The post's objects, verbatim. */
export const SEED = readFileSync('test/acceptance/seed-manifests.yaml', 'utf8');

/** What the post's objects name: where its MCP server and its collector are, and the port of its Gateway. */
export const SEED_UPSTREAM = 'api.githubcopilot.com';
export const SEED_COLLECTOR = 'opentelemetry-collector-traces.telemetry.svc.cluster.local';
export const SEED_PORT = 3000;

/** The text with one change; it is an error if there is nothing to change. */
export const replaced = (text: string, ...changes: readonly (readonly [string, string])[]): string =>
  changes.reduce((before, [from, to]) => {
    if (!before.includes(from)) throw new Error(`nothing to replace: ${from}`);
    return before.replaceAll(from, to);
  }, text);

/** A Gateway that serves one MCP server of this machine, and nothing else. */
export const plainManifests = (gatewayPort: number, upstreamPort: number): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gateway, namespace: test }
spec:
  gatewayClassName: agentgateway
  listeners:
    - { name: mcp, port: ${gatewayPort}, protocol: HTTP }
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata: { name: backend, namespace: test }
spec:
  mcp:
    targets:
      - name: server
        static: { host: 127.0.0.1, port: ${upstreamPort}, path: /mcp, protocol: StreamableHTTP }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: route, namespace: test }
spec:
  parentRefs: [{ name: gateway }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /mcp } }]
      backendRefs: [{ group: agentgateway.dev, kind: AgentgatewayBackend, name: backend }]
`;
