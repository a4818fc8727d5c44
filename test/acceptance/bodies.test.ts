import { beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { type GatewayProcess, startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { openSession, post, toolCall } from '../support/mcp/client.ts';
import { ANSWER, json, startUpstream } from '../support/mcp/upstream.ts';

/** Expressions that read bodies see those of MCP and of plain HTTP, of requests and responses, and nobody else's are touched by that. */
const keep = closingAfterAll();
let gateway: GatewayProcess;

const MEBIBYTE = 1_024 * 1_024;

const more = (port: number): string => `---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata: { name: plain, namespace: test }
spec: { static: { host: 127.0.0.1, port: ${port} } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: plain, namespace: test }
spec:
  parentRefs: [{ name: gateway }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: /plain } }]
      backendRefs: [{ group: agentgateway.dev, kind: AgentgatewayBackend, name: plain }]
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: bodies, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    accessLog:
      attributes:
        add:
          - { name: asked, expression: 'default(json(request.body).method, "no body")' }
          - { name: answered, expression: 'default(json(response.body).result.content[0].text, "no body")' }
          - { name: sizes, expression: 'string(request.bodyPrefix.size()) + "/" + string(response.bodyPrefix.size())' }
`;

const logged = (part: string): Promise<string> =>
  eventually(`a log line with ${part}`, async () =>
    gateway
      .output()
      .split('\n')
      .find((line) => line.includes(part)),
  );

beforeAll(async () => {
  const upstream = keep(
    await startUpstream((response, _, body) => {
      const parsed = body.startsWith('{') ? (JSON.parse(body) as { readonly id: string }) : undefined;
      if (parsed === undefined) response.end(body);
      else json(response, { ...ANSWER, id: parsed.id });
    }),
    (server) => server.close(),
  );
  const port = await freePort();
  const upstreamPort = Number(new URL(upstream.url).port);
  gateway = keep(
    await startGateway({ manifests: plainManifests(port, upstreamPort) + more(upstreamPort), port }),
    (process) => process.stop(),
  );
}, 30_000);

test('of a tool call and its answer', async () => {
  const call = JSON.stringify(toolCall('echo'));
  const answer = await post(gateway.url, call, await openSession(gateway.url));
  const line = await logged('asked="tools/call"');
  expect(line).toContain(`answered="${ANSWER.result.content[0]?.text}"`);
  expect(line).toContain(`sizes="${call.length}/${(await answer.text()).length}"`);
});

test('of a plain request, whole up to 256 KiB, and what the client gets is not changed', async () => {
  const url = new URL('/plain/echo', gateway.url);
  const body = 'x'.repeat(MEBIBYTE);
  const response = await fetch(url, { method: 'POST', body });
  expect(await response.text()).toBe(body);
  expect(await logged('http.path=/plain/echo')).toMatch(/asked="no body" answered="no body" sizes="262144\/262144"/);
});
