import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/acceptance/eventually.ts';
import { spawnTooltrail } from '../support/cli/process.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';
import { applyDefinitions } from '../support/control-plane/definitions.ts';
import { freePort } from '../support/free-port.ts';

const START_TIMEOUT = 180_000;
const SYSTEM = 'agentgateway-system';
const LEASE = 'tooltrail-status';
const FIRST_LEADER = 20_000;
/** Within which another one leads and has written. */
const TAKEOVER = 5_000;
/** How long versions must stay as they are. */
const REST = 5_000;

type Controller = ReturnType<typeof spawnTooltrail>;

let plane: ControlPlane;
const controllers = new Map<string, Controller>();

const gateway = (name: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}, namespace: default}
spec:
  gatewayClassName: agentgateway
  listeners: [{name: http, port: 8080, protocol: HTTP}]
`;

const holder = async (): Promise<string | undefined> => {
  const { code, out } = await plane.kubectl.run([
    ...['get', 'lease', LEASE, '-n', SYSTEM],
    ...['-o', 'jsonpath={.spec.holderIdentity}'],
  ]);
  return code === 0 && out !== '' ? out.slice(0, out.indexOf('_')) : undefined;
};

const isAccepted = async (name: string): Promise<true | undefined> => {
  const path = 'jsonpath={.status.conditions[?(@.type=="Accepted")].status}';
  return (await plane.kubectl.must(['get', 'gateway', name, '-o', path])) === 'True' ? true : undefined;
};

const versions = (): Promise<string> => {
  const path = 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{"\\n"}{end}';
  const kinds = 'gatewayclass,gateway,deployment,service,secret,serviceaccount,role,rolebinding';
  return plane.kubectl.must(['get', kinds, '-n', 'default', '-o', path]);
};

beforeAll(async () => {
  plane = await startControlPlane();
  await applyDefinitions(plane.kubectl);
  await plane.kubectl.apply('dist/0001-namespaces.k8s.yaml');
  await plane.kubectl.apply('dist/0002-controller.k8s.yaml');
  for (const name of ['first', 'second']) {
    const address = `127.0.0.1:${await freePort()}`;
    const args = ['controller', '--kubeconfig', plane.kubeconfig, '--readiness', address];
    controllers.set(name, spawnTooltrail(args, { POD_NAMESPACE: SYSTEM, POD_NAME: name }));
  }
  await plane.kubectl.must(['apply', '--server-side', '-f', '-'], gateway('before'));
}, START_TIMEOUT);

afterAll(async () => {
  for (const controller of controllers.values()) await controller.kill();
  await plane?.stop();
});

const leads = (name: string): boolean => /this process writes statuses/.test(controllers.get(name)!.err());

describe('two controllers', () => {
  test('have one leader, and write nothing again when all is settled', async () => {
    const leader = await eventually('a leader', holder, FIRST_LEADER);
    await eventually('a status', () => isAccepted('before'), FIRST_LEADER);
    expect([...controllers.keys()].filter(leads)).toEqual([leader]);
    let last = '';
    const settled = await eventually(
      'settled',
      async () => {
        const earlier = last;
        await sleep(1_000);
        last = await versions();
        return last === earlier ? last : undefined;
      },
      FIRST_LEADER,
    );
    expect(settled).toContain('Deployment/before');
    await sleep(REST);
    expect(await versions()).toBe(settled);
  });

  test('put back at once what somebody else changes of a proxy', async () => {
    const image = (): Promise<string> =>
      plane.kubectl.must(['get', 'deployment', 'before', '-o', 'jsonpath={.spec.template.spec.containers[0].image}']);
    const before = await image();
    await plane.kubectl.must(['set', 'image', 'deployment/before', '*=example.com/other:1']);
    await eventually('the image', async () => ((await image()) === before ? true : undefined), TAKEOVER);
    await plane.kubectl.must(['delete', 'service', 'before']);
    await eventually(
      'the Service',
      async () => ((await plane.kubectl.run(['get', 'service', 'before'])).code === 0 ? true : undefined),
      TAKEOVER,
    );
  });

  test('go on with the other one when the leader is killed', async () => {
    const leader = (await holder())!;
    const killed = Date.now();
    await controllers.get(leader)!.kill();
    await plane.kubectl.must(['apply', '--server-side', '-f', '-'], gateway('after'));
    await eventually('its status', () => isAccepted('after'), 30_000);
    expect(Date.now() - killed).toBeLessThan(TAKEOVER);
    expect(await holder()).not.toBe(leader);
  });
});
