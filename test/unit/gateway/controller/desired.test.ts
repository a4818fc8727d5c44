import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  type DesiredObject,
  type DesiredOptions,
  desiredObjects,
  ownerOf,
} from '../../../../gateway/controller/desired.ts';
import { workloadName } from '../../../../gateway/controller/name.ts';
import { Parameters } from '../../../../gateway/controller/parameters.ts';
import type { AgentgatewayParametersSpec } from '../../../../lib/api/agentgateway/parameters.ts';
import type { GatewaySpec } from '../../../../lib/api/gateway-api.ts';
import { CONTROLLER_NAME } from '../../../../lib/api/kinds.ts';
import { validateManifest } from '../../../support/validate-manifest.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const options = (
  spec: Partial<GatewaySpec> = {},
  parameters: readonly AgentgatewayParametersSpec[] = [],
  secrets: readonly string[] = [],
): DesiredOptions => ({
  gateway: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'a', uid: 'e7b1' },
    spec: {
      gatewayClassName: 'agentgateway',
      listeners: [
        { name: 'http', port: 80, protocol: 'HTTP' },
        { name: 'other', port: 80, protocol: 'HTTP', hostname: 'example.com' },
        { name: 'mcp', port: 3000, protocol: 'HTTP' },
      ],
      ...spec,
    },
  },
  name: 'edge',
  parameters: new Parameters(parameters),
  references: { secrets: new Set(secrets), configMaps: new Set() },
  image: 'registry.example.com/tooltrail/tooltrail:1.2.3',
  version: '1.2.3',
  proxyRole: 'tooltrail-proxy',
  controllerName: CONTROLLER_NAME,
  manager: 'tooltrail-controller',
});

const find = (objects: readonly DesiredObject[], kind: string): DesiredObject => {
  const found = objects.find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};

const containerOf = (objects: readonly DesiredObject[]) => {
  const { spec } = find(objects, 'Deployment') as unknown as {
    readonly spec: {
      readonly replicas?: number;
      readonly template: { readonly spec: { readonly containers: readonly Record<string, unknown>[] } };
    };
  };
  return { replicas: spec.replicas, container: spec.template.spec.containers[0] ?? {} };
};

describe('what is deployed for a Gateway', () => {
  test('every object is valid, and belongs to the Gateway', async () => {
    const hpa = { horizontalPodAutoscaler: { spec: { maxReplicas: 5 } } };
    for (const object of desiredObjects(options({}, [hpa], ['a/token', 'b/certificate']))) {
      await validateManifest(object as never);
      const own = object.metadata.ownerReferences;
      if (['ClusterRoleBinding', 'Role', 'RoleBinding'].includes(object.kind)) {
        expect(ownerOf(object.metadata, 'tooltrail-controller')).toBe('a/edge');
        expect(ownerOf(object.metadata, 'tooltrail-controller-0')).toBeUndefined();
      } else {
        expect(own).toEqual([
          expect.objectContaining({ kind: 'Gateway', name: 'edge', uid: 'e7b1', controller: true }),
        ]);
      }
    }
  });

  test('the Service has each port of the listeners once, and asks for the first static address', () => {
    const { spec } = find(
      desiredObjects(options({ addresses: [{ type: 'IPAddress', value: '10.0.0.7' }] })),
      'Service',
    );
    expect(spec).toMatchObject({
      type: 'LoadBalancer',
      loadBalancerIP: '10.0.0.7',
      ports: [
        { name: 'listener-80', port: 80, targetPort: 80 },
        { name: 'listener-3000', port: 3000, targetPort: 3000 },
      ],
    });
  });

  test('a proxy may read by name what its Gateway leads to, and nothing else that holds secrets', () => {
    const objects = desiredObjects(options({}, [], ['a/token', 'a/other', 'b/certificate']));
    const roles = objects.filter(({ kind }) => kind === 'Role');
    expect(roles.map(({ metadata, rules }) => [metadata.namespace, rules])).toEqual([
      [
        'a',
        [
          {
            apiGroups: [''],
            resources: ['secrets'],
            resourceNames: ['other', 'token'],
            verbs: ['get', 'list', 'watch'],
          },
        ],
      ],
      [
        'b',
        [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['certificate'], verbs: ['get', 'list', 'watch'] }],
      ],
    ]);
    expect(desiredObjects(options()).some(({ kind }) => kind === 'Role')).toBe(false);
  });

  test('labels and annotations of the infrastructure are on all of it, but select nothing', () => {
    const infrastructure = { labels: { team: 'blue', 'app.kubernetes.io/name': 'mine' }, annotations: { note: 'x' } };
    const service = find(desiredObjects(options({ infrastructure })), 'Service');
    expect(service.metadata.labels).toMatchObject({ team: 'blue', 'app.kubernetes.io/name': 'edge' });
    expect(service.metadata.annotations).toEqual({ note: 'x' });
    expect(service.spec).toMatchObject({ selector: { 'app.kubernetes.io/name': 'edge' } });
  });
});

describe('parameters', () => {
  test('the Gateway’s go before those of its class, field by field', () => {
    const ofClass = { image: { tag: 'class' }, logging: { format: 'json' }, env: [{ name: 'A', value: '1' }] } as const;
    const own = { image: { repository: 'mine/tooltrail' } };
    const { container } = containerOf(desiredObjects(options({}, [ofClass, own])));
    expect(container).toMatchObject({
      image: 'registry.example.com/mine/tooltrail:1.2.3',
      env: expect.arrayContaining([{ name: 'A', value: '1' }]),
      args: expect.arrayContaining(['--log-format', 'json', '--gateway', 'a/edge']),
    });
  });

  test('an overlay merges lists of named things, and null takes away', () => {
    const deployment = {
      metadata: { labels: { team: 'blue', 'app.kubernetes.io/name': 'other' } },
      spec: {
        replicas: 3,
        template: {
          spec: {
            containers: [
              { name: 'gateway', resources: null },
              { name: 'sidecar', image: 'sidecar' },
            ],
          },
        },
      },
    };
    const objects = desiredObjects(options({}, [{ deployment }]));
    const { replicas, container } = containerOf(objects);
    expect(replicas).toBe(3);
    expect(container).toMatchObject({ name: 'gateway', image: 'registry.example.com/tooltrail/tooltrail:1.2.3' });
    expect(container).not.toHaveProperty('resources');
    expect(find(objects, 'Deployment').metadata).toMatchObject({
      name: 'edge',
      labels: { team: 'blue', 'app.kubernetes.io/name': 'edge' },
    });
  });

  test('whoever scales automatically has no fixed number of pods', () => {
    expect(containerOf(desiredObjects(options())).replicas).toBe(1);
    const scaled = desiredObjects(options({}, [{ horizontalPodAutoscaler: { spec: { maxReplicas: 5 } } }]));
    expect(containerOf(scaled).replicas).toBeUndefined();
    expect(find(scaled, 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 1, maxReplicas: 5 });
  });
});

describe('names', () => {
  test.each([
    ['mcp-gateway', 'mcp-gateway'],
    ['a'.repeat(63), 'a'.repeat(63)],
  ])('%s stays', (name, expected) => expect(workloadName(name, sha256)).toBe(expected));

  test.each(['a'.repeat(253), 'with.dots', '1-begins-with-a-digit', `${'b'.repeat(49)}.${'c'.repeat(20)}`])(
    '%s becomes the name of a Service, and of no other Gateway',
    (name) => {
      const short = workloadName(name, sha256);
      expect(short).toMatch(/^[a-z][-a-z0-9]{0,62}$/);
      expect(short).toContain(sha256(name).slice(0, 12));
    },
  );
});
