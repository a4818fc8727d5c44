import { describe, expect, test } from '@jest/globals';
import { Testing } from 'cdk8s';
import { parse } from 'yaml';
import { McpObservabilityStack } from '../../../../lib/stack.ts';
import type { DataSource } from '../../../../lib/telemetry/grafana/data-sources.ts';
import type { KubePrometheusStackOptions } from '../../../../lib/telemetry/kube-prometheus-stack.ts';
import { find, problems, synth, type Written } from '../../../support/charts.ts';
import { secretKey } from '../../../support/stack/cases.ts';

/** Data sources of Grafana besides those of the post. */
const NAME = 'kube-prometheus-stack-grafana';
const LOKI: DataSource = { name: 'Loki', type: 'loki', uid: 'loki', url: 'http://loki.logs:3100' };

const appOf = (prometheus: KubePrometheusStackOptions) => {
  const app = Testing.app();
  new McpObservabilityStack(app, { prometheus });
  return app;
};
const withSources = (...dataSources: readonly DataSource[]) => appOf({ grafana: { dataSources } });
const provisioned = (objects: readonly Written[]) => {
  const { data } = find(objects, 'ConfigMap', NAME) as unknown as { readonly data: Record<string, string> };
  const { datasources } = parse(data['datasources.yaml'] ?? '') as {
    readonly datasources: readonly Readonly<Record<string, unknown>>[];
  };
  return datasources;
};
const containerOf = (objects: readonly Written[]) =>
  (
    find(objects, 'Deployment', NAME).spec as {
      readonly template: { readonly spec: { readonly containers: readonly { readonly env: readonly object[] }[] } };
    }
  ).template.spec.containers[0];

test('come behind those of the post, and never in their place', () => {
  expect(provisioned(synth(withSources(LOKI))).map(({ uid, isDefault }) => [uid, isDefault])).toEqual([
    ['prometheus', true],
    ['tempo', false],
    ['loki', false],
  ]);
});

test('Alertmanager is one where there is one, and Grafana may talk to it', () => {
  const objects = synth(appOf({ alertmanager: {} }));
  expect(provisioned(objects)).toContainEqual(
    expect.objectContaining({ uid: 'alertmanager', url: 'http://kube-prometheus-stack-alertmanager.telemetry:9093' }),
  );
  expect(JSON.stringify(find(objects, 'NetworkPolicy', NAME).spec)).toContain('9093');
  expect(JSON.stringify(provisioned(synth(appOf({}))))).not.toContain('alertmanager');
});

test('Prometheus is asked in steps of its own interval', () => {
  const [prometheus] = provisioned(synth(appOf({ server: { scrapeInterval: '15s' } })));
  expect(prometheus?.jsonData).toMatchObject({ timeInterval: '15s' });
});

test('a dollar stays one: Grafana would put a variable in its place', () => {
  const jsonData = { derivedFields: [{ matcherRegex: 'trace=(\\w+)$', url: '$1/x' }] };
  expect(provisioned(synth(withSources({ ...LOKI, jsonData })))[2]?.jsonData).toEqual({
    derivedFields: [{ matcherRegex: 'trace=(\\w+)$$', url: '$$1/x' }],
  });
});

test('credentials are in their Secret alone', () => {
  const secureJsonData = { basicAuthPassword: secretKey('loki', 'password') };
  const objects = synth(withSources({ ...LOKI, secureJsonData }));
  const variable = 'DATA_SOURCE_LOKI_BASICAUTHPASSWORD';
  expect(provisioned(objects)[2]?.secureJsonData).toEqual({ basicAuthPassword: `$${variable}` });
  expect(containerOf(objects)?.env).toContainEqual({
    name: variable,
    valueFrom: { secretKeyRef: { name: 'loki', key: 'password' } },
  });
});

describe('refused is', () => {
  const password = { password: secretKey('loki', 'password') };
  test.each<[string, readonly DataSource[], RegExp]>([
    ['a uid of the stack', [{ ...LOKI, uid: 'tempo' }], /"Loki" has uid "tempo", which is taken/],
    ['a uid twice', [LOKI, { ...LOKI, name: 'Other' }], /"Other" has uid "loki", which is taken/],
    ['a name of the stack', [{ ...LOKI, name: 'Prometheus' }], /has name "Prometheus", which is taken/],
    ['a uid that is none', [{ ...LOKI, uid: 'a b' }], /uid "a b": use 1 to 40/],
    ['a URL with credentials', [{ ...LOKI, url: 'http://a:b@loki' }], /url "http:\/\/a:b@loki": write/],
    [
      'a Secret of another namespace',
      [{ ...LOKI, secureJsonData: { password: secretKey('loki', 'password', 'logs') } }],
      /Secret logs\/loki of uid "loki" is out of reach/,
    ],
    [
      'one variable for two credentials',
      [
        { ...LOKI, uid: 'a-b', secureJsonData: password },
        { ...LOKI, name: 'Other', uid: 'a_b', secureJsonData: password },
      ],
      /would both be DATA_SOURCE_A_B_PASSWORD/,
    ],
  ])('%s', (_, sources, message) => {
    expect(problems(withSources(...sources))).toEqual([expect.stringMatching(message)]);
  });
});
