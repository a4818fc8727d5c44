import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { GROUPS, KINDS } from '../../../lib/api/kinds.ts';
import type { ControlPlane } from '../../support/control-plane/control-plane.ts';
import { underLoad } from '../../support/load.ts';
import { RECOVERY, route, START_TIMEOUT, secret, startWorld, type World } from './world.ts';

const binding = (role: string): string => `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ${role}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${role}}
subjects: [{kind: ServiceAccount, name: gateway, namespace: default}]
`;

/** Resources of the Gateway API besides HTTPRoutes, and all statuses. */
const OTHERS = Object.values(KINDS)
  .filter(({ group }) => group === GROUPS.gateway)
  .flatMap(({ plural }) => [...(plural === KINDS.HTTPRoute.plural ? [] : [plural]), `${plural}/status`]);

/** All rights, but those to HTTPRoutes in a role of their own. */
const RIGHTS = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: gateway, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: most}
rules:
  - {apiGroups: ['', agentgateway.dev, coordination.k8s.io, discovery.k8s.io, apiextensions.k8s.io], resources: ['*'], verbs: ['*']}
  - {apiGroups: [${GROUPS.gateway}], resources: [${OTHERS.join(', ')}], verbs: ['*']}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: routes}
rules: [{apiGroups: [gateway.networking.k8s.io], resources: [httproutes], verbs: [get, list, watch]}]
---
${binding('most')}
---
${binding('routes')}
`;

let world: World;
let rotate: (name: string) => Promise<void>;

/** A token that ends when the Secret of that name does. */
const tokenOf = async ({ kubectl }: ControlPlane, name: string): Promise<string> => {
  await kubectl.must(['create', 'secret', 'generic', name]);
  const bound = ['--bound-object-kind', 'Secret', '--bound-object-name', name];
  return (await kubectl.must(['create', 'token', 'gateway', ...bound])).trim();
};

beforeAll(async () => {
  world = await startWorld(async (plane) => {
    await plane.kubectl.must(['apply', '--server-side', '-f', '-'], RIGHTS);
    const path = join(plane.folder, 'token');
    rotate = async (name) => {
      // In one step, as the kubelet does it.
      writeFileSync(`${path}.new`, await tokenOf(plane, name), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    };
    await rotate('first');
    return plane.kubeconfigWith({ tokenFile: path });
  });
}, START_TIMEOUT);

afterAll(() => world?.stop());

describe('a gateway with rights of its own', () => {
  test('goes on without those to one kind, says so once, and follows that kind again when they are back', () =>
    underLoad(`${world.url}/own`, async () => {
      const mark = world.gateway.err().length;
      await world.plane.kubectl.must(['delete', 'clusterrolebinding', 'routes']);
      // A watch that is under way is not authorized again.
      await world.plane.forget();
      await world.apply(secret('without-routes'));
      await world.sends('without-routes');
      await world.apply(route('after-rights', 'name: own'));
      await sleep(RECOVERY);
      expect((await world.get('/after-rights')).status).toBe(404);
      expect(world.complaints(mark).filter((line) => /forbids/.test(line))).toEqual([
        expect.stringMatching(/forbids to read httproutes\.gateway\.networking\.k8s\.io/),
      ]);
      await world.apply(binding('routes'));
      await world.answers('/after-rights', 200);
      await world.condition('after-rights', 'Accepted', 'True');
    }));

  test('takes up a rotated token, before and after the old one has ended', () =>
    underLoad(`${world.url}/own`, async () => {
      await rotate('second');
      await world.plane.kubectl.must(['delete', 'secret', 'first']);
      await world.plane.forget();
      await world.apply(secret('with-second'));
      await world.sends('with-second');

      await world.plane.kubectl.must(['delete', 'secret', 'second']);
      await world.plane.forget();
      await world.apply(secret('with-third'));
      await sleep(RECOVERY);
      expect((await world.get('/own')).body).toBe('Bearer with-second');
      await rotate('third');
      await world.sends('with-third');
      await world.apply(route('after-token', 'name: own'));
      await Promise.all([world.answers('/after-token', 200), world.condition('after-token', 'Accepted', 'True')]);
    }));
});
