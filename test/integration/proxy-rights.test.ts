import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { spawnTooltrail } from '../support/cli/process.ts';
import { Api } from '../support/control-plane/api.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../support/control-plane/definitions.ts';
import { freePort } from '../support/free-port.ts';

const START_TIMEOUT = 180_000;
const DEPLOYED = 30_000;
const SYSTEM = 'agentgateway-system';
const NAMES = ['one', 'two'] as const;

let plane: ControlPlane;
let controller: ReturnType<typeof spawnTooltrail>;
const proxies = new Map<string, Api>();

const secured = (name: string): string => `
apiVersion: v1
kind: Secret
metadata: {name: secret-${name}, namespace: default}
stringData: {Authorization: ${name}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: default}
spec:
  gatewayClassName: agentgateway
  listeners: [{name: http, port: 8080, protocol: HTTP}]
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata: {name: ${name}, namespace: default}
spec:
  static: {host: example.com, port: 80}
  policies: {auth: {secretRef: {name: secret-${name}}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: default}
spec:
  parentRefs: [{name: ${name}}]
  rules: [{backendRefs: [{group: agentgateway.dev, kind: AgentgatewayBackend, name: ${name}}]}]
`;

const SECRETS = '/api/v1/namespaces/default/secrets';
const read = async (proxy: string, path: string): Promise<number> =>
  (await proxies.get(proxy)!.send('GET', `${SECRETS}${path}`)).status;
const becomes = (proxy: string, path: string, status: number): Promise<true> =>
  eventually(
    `${status} for ${proxy} at ${path}`,
    async () => ((await read(proxy, path)) === status ? true : undefined),
    DEPLOYED,
  );

beforeAll(async () => {
  plane = await startControlPlane({ controllerManager: true });
  await applyDefinitions(plane.kubectl);
  await plane.kubectl.apply('dist/0001-namespaces.k8s.yaml');
  await plane.kubectl.apply('dist/0002-controller.k8s.yaml');
  const token = await plane.kubectl.must(['create', 'token', 'tooltrail-controller', '-n', SYSTEM]);
  const kubeconfig = plane.kubeconfigWith({ token: token.trim() });
  controller = spawnTooltrail(
    ['controller', '--kubeconfig', kubeconfig, '--readiness', `127.0.0.1:${await freePort()}`],
    { POD_NAMESPACE: SYSTEM },
  );
  await plane.kubectl.must(['apply', '--server-side', '-f', '-'], NAMES.map(secured).join('---'));
  for (const name of NAMES) {
    const own = await eventually(
      `a token of ${name}`,
      async () => {
        const { code, out } = await plane.kubectl.run(['create', 'token', name]);
        return code === 0 ? out.trim() : undefined;
      },
      DEPLOYED,
    );
    proxies.set(name, new Api(plane.kubeconfigWith({ token: own })));
  }
}, START_TIMEOUT);

afterAll(async () => {
  await controller?.kill();
  await plane?.stop();
});

describe('the proxies of two Gateways', () => {
  test.each([
    ['one', 'two'],
    ['two', 'one'],
  ])('those of %s read their own Secret by name, and no other', async (own, other) => {
    await becomes(own, `/secret-${own}`, 200);
    expect(await read(own, `?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dsecret-${own}`)).toBe(200);
    expect(await read(own, `/secret-${other}`)).toBe(403);
    expect(await read(own, `?watch=true&timeoutSeconds=1&fieldSelector=metadata.name%3Dsecret-${other}`)).toBe(403);
    expect(await read(own, '')).toBe(403);
    expect(await read(own, '?watch=true&timeoutSeconds=1')).toBe(403);
    for (const path of ['/api/v1/secrets', `/api/v1/namespaces/${SYSTEM}/secrets`]) {
      expect((await proxies.get(own)!.send('GET', path)).status).toBe(403);
    }
  });

  test('may no longer read what is no longer referenced', async () => {
    await plane.kubectl.must(['delete', 'httproute', 'one']);
    await becomes('one', '/secret-one', 403);
    expect(await read('two', '/secret-two')).toBe(200);
  });

  test('are gone, with their rights, when their Gateway is', async () => {
    await plane.kubectl.must(['delete', 'gateway', 'two']);
    await eventually(
      'nothing of it is left',
      async () => {
        const kinds = 'deployment,service,serviceaccount,role,rolebinding,poddisruptionbudget';
        const left = await plane.kubectl.must(['get', kinds, '-A', '-o', 'name']);
        return left.split('\n').some((line) => /\/two(-|$)/.test(line)) ? undefined : true;
      },
      DEPLOYED,
    );
    // Its token ends with its ServiceAccount.
    expect([401, 403]).toContain(await read('two', '/secret-two'));
  });
});
