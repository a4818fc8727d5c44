import { expect, test } from '@jest/globals';
import { App, Chart } from 'cdk8s';
import { GatewayController } from '../../../../lib/agentgateway/controller.ts';

const synth = (controllerName: string) => {
  const chart = new Chart(new App(), 'chart');
  const controller = new GatewayController(chart, 'own', { controllerName, gatewayClassName: 'other' });
  return { problems: controller.node.validate(), objects: chart.toJson() };
};

test('a controller of another name has objects of its own, and a class that carries the name', () => {
  const { objects, problems } = synth('example.com/other');
  expect(problems).toEqual([]);
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  expect(ofKind('GatewayClass')).toMatchObject([
    { metadata: { name: 'other' }, spec: { controllerName: 'example.com/other' } },
  ]);
  for (const { metadata } of [...ofKind('ClusterRole'), ...ofKind('ClusterRoleBinding')]) {
    expect(metadata.name).toMatch(/^tooltrail-(controller|proxy)-[0-9a-f]{12}$/);
  }
  expect(JSON.stringify(ofKind('Deployment'))).toContain('"--controller-name","example.com/other","--proxy-role"');
});

test('a name without a domain is refused, with what to do', () => {
  expect(() => synth('other')).toThrow(
    /\[chart\/own\] controllerName: "other" is no domain and path .*; put a domain of yours before a slash/,
  );
});
