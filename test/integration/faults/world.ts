import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../support/acceptance/eventually.ts';
import { type GatewayProcess, spawnGateway } from '../../support/cli/process.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../../support/control-plane/definitions.ts';
import { freePort } from '../../support/free-port.ts';

export const START_TIMEOUT = 180_000;
/** Within which a change is in force, and its status written. */
export const RECOVERY = 5_000;
const FIRST_ANSWER = 30_000;

export const secret = (token: string): string => `
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: default}
stringData: {Authorization: ${token}}
`;

export const route = (name: string, backend: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: default}
spec:
  parentRefs: [{name: gateway}]
  rules:
    - matches: [{path: {value: /${name}}}]
      backendRefs: [{group: agentgateway.dev, kind: AgentgatewayBackend, ${backend}}]
`;

export const GRANT = `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: grant, namespace: other}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}]
  to: [{group: agentgateway.dev, kind: AgentgatewayBackend}]
`;

const objects = (port: number, upstreamPort: number): string => `
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

/** A gateway on a Kubernetes API, and an upstream that answers with the token it was sent. */
export interface World {
  readonly plane: ControlPlane;
  readonly gateway: GatewayProcess;
  readonly url: string;
  apply(text: string): Promise<string>;
  get(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Resolves when `path` is answered with `status`; rejects after `RECOVERY`. */
  answers(path: string, status: number): Promise<true>;
  /** Resolves when the upstream is sent that token; rejects after `timeout` milliseconds. */
  sends(token: string, timeout?: number): Promise<true>;
  /** Resolves with the condition of a route when it has that status; rejects after `RECOVERY`. */
  condition(route: string, type: string, status: string): Promise<Readonly<Record<string, unknown>>>;
  /** What the gateway has logged of what it cannot read, since `mark` characters of its log. */
  complaints(mark?: number): readonly string[];
  stop(): Promise<void>;
}

/** @param kubeconfig path of the one that the gateway is started with, for a plane on which the definitions are. */
export const startWorld = async (
  kubeconfig: (plane: ControlPlane) => Promise<string> | string = (plane) => plane.kubeconfig,
): Promise<World> => {
  const plane = await startControlPlane();
  const upstream = createServer((request, response) => response.end(request.headers.authorization ?? 'none'));
  let gateway: GatewayProcess | undefined;
  const stop = async (): Promise<void> => {
    await gateway?.kill();
    upstream.close();
    await plane.stop();
  };
  try {
    await applyDefinitions(plane.kubectl);
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const apply = (text: string): Promise<string> => plane.kubectl.must(['apply', '--server-side', '-f', '-'], text);
    const get: World['get'] = async (path) => {
      const response = await fetch(`${url}${path}`);
      return { status: response.status, body: await response.text() };
    };
    await apply(objects(port, (upstream.address() as AddressInfo).port));
    const args = ['--kubernetes', '--kubeconfig', await kubeconfig(plane), '--write-status'];
    const running = await spawnGateway([], { args });
    gateway = running;
    await eventually(
      'the gateway serves',
      async () => ((await get('/own').catch(() => undefined))?.status === 200 ? true : undefined),
      FIRST_ANSWER,
    );
    return {
      plane,
      gateway: running,
      url,
      apply,
      get,
      answers: (path, status) =>
        eventually(
          `${status} at ${path}`,
          async () => ((await get(path)).status === status ? true : undefined),
          RECOVERY,
        ),
      sends: (token, timeout = RECOVERY) =>
        eventually(
          `token ${token}`,
          async () => ((await get('/own')).body === `Bearer ${token}` ? true : undefined),
          timeout,
        ),
      condition: (name, type, status) =>
        eventually(
          `${type} ${status} of ${name}`,
          async () => {
            const { status: written } = (await plane.kubectl.get('httproute', name)) as unknown as RouteStatus;
            const found = written?.parents[0]?.conditions.find((condition) => condition.type === type);
            return found?.status === status ? found : undefined;
          },
          RECOVERY,
        ),
      complaints: (mark = 0) =>
        running
          .err()
          .slice(mark)
          .split('\n')
          .filter((line) => /the Kubernetes API/.test(line)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

interface RouteStatus {
  readonly status?: {
    readonly parents: readonly { readonly conditions: readonly Readonly<Record<string, unknown>>[] }[];
  };
}
