import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { type GatewayProcess, spawnGateway } from '../support/cli/process.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../support/control-plane/definitions.ts';
import { freePort } from '../support/free-port.ts';
import { startLoad } from '../support/load.ts';

const START_TIMEOUT = 180_000;
/** Within which a change is in force, and its status written. */
const RECOVERY = 5_000;
const OUTAGE = 60_000;

let plane: ControlPlane;
let upstream: Server;
let gateway: GatewayProcess;
let url: string;

const apply = (text: string): Promise<string> => plane.kubectl.must(['apply', '--server-side', '-f', '-'], text);

const secret = (token: string): string => `
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: default}
stringData: {Authorization: ${token}}
`;

const route = (name: string, backend: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: default}
spec:
  parentRefs: [{name: gateway}]
  rules:
    - matches: [{path: {value: /${name}}}]
      backendRefs: [{group: agentgateway.dev, kind: AgentgatewayBackend, ${backend}}]
`;

const GRANT = `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: grant, namespace: other}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}]
  to: [{group: agentgateway.dev, kind: AgentgatewayBackend}]
`;

const world = (port: number, upstreamPort: number): string => `
apiVersion: v1
kind: Namespace
metadata: {name: other}
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: agentgateway}
spec: {controllerName: agentgateway.dev/agentgateway}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gateway, namespace: default}
spec:
  gatewayClassName: agentgateway
  listeners: [{name: http, port: ${port}, protocol: HTTP}]
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata: {name: own, namespace: default}
spec:
  static: {host: 127.0.0.1, port: ${upstreamPort}}
  policies: {auth: {secretRef: {name: token}}}
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata: {name: foreign, namespace: other}
spec:
  static: {host: 127.0.0.1, port: ${upstreamPort}}
---
${GRANT}
---
${secret('first')}
---
${route('own', 'name: own')}
---
${route('foreign', 'name: foreign, namespace: other')}
`;

const answer = async (path: string): Promise<{ readonly status: number; readonly body: string }> => {
  const response = await fetch(`${url}${path}`);
  return { status: response.status, body: await response.text() };
};

const answers = (path: string, status: number, timeout = RECOVERY): Promise<true> =>
  eventually(`${status} at ${path}`, async () => ((await answer(path)).status === status ? true : undefined), timeout);

beforeAll(async () => {
  plane = await startControlPlane();
  await applyDefinitions(plane.kubectl);
  upstream = createServer((request, response) => response.end(request.headers.authorization ?? 'none'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await apply(world(port, (upstream.address() as AddressInfo).port));
  gateway = await spawnGateway([], { args: ['--kubernetes', '--kubeconfig', plane.kubeconfig, '--write-status'] });
  await eventually(
    'the gateway serves',
    async () => ((await answer('/own').catch(() => undefined))?.status === 200 ? true : undefined),
    30_000,
  );
}, START_TIMEOUT);

afterAll(async () => {
  await gateway?.kill();
  upstream?.close();
  await plane?.stop();
});

describe('a gateway on the Kubernetes API', () => {
  test('uses a rotated Secret', async () => {
    const load = startLoad(`${url}/own`);
    expect((await answer('/own')).body).toBe('Bearer first');
    await apply(secret('second'));
    await eventually(
      'the new token',
      async () => ((await answer('/own')).body === 'Bearer second' ? true : undefined),
      2_000,
    );
    await load.stop();
    expect(load.failures()).toEqual([]);
  });

  test('fails only the backend whose grant is deleted, says so, and takes it back', async () => {
    await answers('/foreign', 200);
    const load = startLoad(`${url}/own`);
    await plane.kubectl.must(['delete', 'referencegrant', 'grant', '-n', 'other']);
    const condition = eventually(
      'ResolvedRefs False',
      async () => {
        const { status } = (await plane.kubectl.get('httproute', 'foreign')) as unknown as {
          readonly status?: {
            readonly parents: readonly { readonly conditions: readonly Record<string, unknown>[] }[];
          };
        };
        const found = status?.parents[0]?.conditions.find(({ type }) => type === 'ResolvedRefs');
        return found?.status === 'False' ? found : undefined;
      },
      RECOVERY,
    );
    await answers('/foreign', 500);
    expect(await condition).toMatchObject({ reason: 'RefNotPermitted' });
    await apply(GRANT);
    await answers('/foreign', 200);
    await load.stop();
    expect(load.failures()).toEqual([]);
  });

  test('loses nothing when history is gone', async () => {
    const load = startLoad(`${url}/own`);
    await plane.forget();
    await apply(route('after-forgetting', 'name: own'));
    await answers('/after-forgetting', 200);
    await load.stop();
    expect(load.failures()).toEqual([]);
    expect(load.served()).toBeGreaterThan(0);
  });

  test('serves through an outage of the API server, and goes on within seconds', async () => {
    const load = startLoad(`${url}/own`);
    await plane.apiServer.stop();
    await sleep(OUTAGE);
    expect((await gateway.get(gateway.ports.readiness, '/healthz/ready')).status).toBe(200);
    await plane.apiServer.start();
    await apply(route('after-outage', 'name: own'));
    await answers('/after-outage', 200);
    await load.stop();
    expect(load.failures()).toEqual([]);
    expect(load.served()).toBeGreaterThan(0);
    expect(gateway.child.exitCode).toBeNull();
  });
});
