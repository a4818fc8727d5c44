import { expect, test } from '@jest/globals';
import { Chart, Testing } from 'cdk8s';
import { type DesiredOptions, desiredObjects } from '../../../../gateway/controller/desired.ts';
import { Parameters } from '../../../../gateway/controller/parameters.ts';
import { AgentgatewayParameters, type AgentgatewayParametersProps } from '../../../../lib/agentgateway/parameters.ts';
import type { AgentgatewayParameters as Stored } from '../../../../lib/api/agentgateway/parameters.ts';

/** What the controller deploys for a Gateway with parameters as the construct writes them. */
const deployed = (props: AgentgatewayParametersProps) => {
  const chart = new Chart(Testing.app(), 'chart', { namespace: 'apps' });
  const { spec } = new AgentgatewayParameters(chart, 'parameters', props).toJson() as Stored;
  const options: DesiredOptions = {
    gateway: {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { name: 'gateway', namespace: 'apps' },
      spec: { gatewayClassName: 'agentgateway', listeners: [{ name: 'mcp', port: 3000, protocol: 'HTTP' }] },
    } as unknown as DesiredOptions['gateway'],
    name: 'gateway',
    parameters: new Parameters([spec]),
    references: { secrets: [], configMaps: [] } as unknown as DesiredOptions['references'],
    image: 'tooltrail/tooltrail:1',
    version: '1',
    proxyRole: 'proxy',
    controllerName: 'agentgateway.dev/agentgateway',
    manager: 'tooltrail',
  };
  const objects = desiredObjects(options) as readonly { readonly kind: string; readonly spec?: unknown }[];
  return (kind: string) => objects.find((object) => object.kind === kind)?.spec;
};

test('scale the proxies, and leave their number to the autoscaler', () => {
  const of = deployed({ autoscaling: { maxReplicas: 8 } });
  expect(of('Deployment')).not.toHaveProperty('replicas');
  expect(of('HorizontalPodAutoscaler')).toMatchObject({
    minReplicas: 2,
    maxReplicas: 8,
    scaleTargetRef: { kind: 'Deployment', name: 'gateway' },
    metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 70 } } }],
  });
});

test('say how many there are, where they run and what they take', () => {
  const of = deployed({
    replicas: 3,
    priorityClassName: 'high',
    nodeSelector: { pool: 'edge' },
    resources: { requests: { cpu: '1' } },
    env: { A: 'b' },
    service: { type: 'ClusterIP' },
  });
  expect(of('HorizontalPodAutoscaler')).toBeUndefined();
  expect(of('Service')).toMatchObject({ type: 'ClusterIP' });
  expect(of('Deployment')).toMatchObject({
    replicas: 3,
    template: {
      spec: {
        priorityClassName: 'high',
        nodeSelector: { pool: 'edge' },
        containers: [
          { resources: { requests: { cpu: '1' } }, env: expect.arrayContaining([{ name: 'A', value: 'b' }]) },
        ],
      },
    },
  });
});

test('keep the proxies apart, as far as nodes and zones allow', () => {
  expect(deployed({ replicas: 3 })('Deployment')).toMatchObject({
    template: {
      spec: {
        topologySpreadConstraints: ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
          topologyKey,
          maxSkew: 1,
          whenUnsatisfiable: 'ScheduleAnyway',
        })),
      },
    },
  });
});
