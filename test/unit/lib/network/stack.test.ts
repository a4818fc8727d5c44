import { describe, expect, test } from '@jest/globals';
import { App, Testing } from 'cdk8s';
import type { INetworkPolicy, INetworkPolicyPeer, INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1';
import { McpObservabilityStack, type McpObservabilityStackProps } from '../../../../lib/stack.ts';
import { readManifests } from '../../../../tools/deploy/manifests.ts';

/** What a cluster makes of the policies. Source: Kubernetes, Network Policies: "The two sorts of pod isolation". */
interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Policy = INetworkPolicy & { readonly metadata: { readonly name: string; readonly namespace: string } };
type Labels = Readonly<Record<string, string>> | undefined;

const matches = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted ?? {}).every(([key, value]) => labels?.[key] === value);

const isPeer = ({ podSelector, namespaceSelector }: INetworkPolicyPeer, pod: Pod): boolean =>
  matches(podSelector?.matchLabels, pod.labels) &&
  matches(namespaceSelector?.matchLabels, { 'kubernetes.io/metadata.name': pod.namespace });

const hasPort = (ports: readonly INetworkPolicyPort[] | undefined, port: number): boolean =>
  ports === undefined ||
  ports.some(
    (range) => range.protocol === 'TCP' && port >= Number(range.port) && port <= (range.endPort ?? Number(range.port)),
  );

const network = (policies: readonly Policy[]) => {
  const of = (pod: Pod, type: 'Ingress' | 'Egress') =>
    policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === pod.namespace &&
        matches(spec?.podSelector?.matchLabels, pod.labels) &&
        spec?.policyTypes?.includes(type),
    );
  /** Whether a connection comes about; `undefined`: somebody outside of the stack. */
  return (from: Pod | undefined, to: Pod | undefined, port: number): boolean => {
    const leaving = from === undefined ? [] : of(from, 'Egress');
    const coming = to === undefined ? [] : of(to, 'Ingress');
    const isLet = (
      all: readonly Policy[],
      rules: (policy: Policy) => readonly { ports?: INetworkPolicyPort[]; peers: INetworkPolicyPeer[] | undefined }[],
      peer: Pod | undefined,
    ): boolean =>
      all.length === 0 ||
      all
        .flatMap(rules)
        .some(
          ({ ports, peers }) =>
            hasPort(ports, port) &&
            (peers === undefined || (peer !== undefined && peers.some((one) => isPeer(one, peer)))),
        );
    return (
      isLet(
        leaving,
        ({ spec }) => (spec?.egress ?? []).map(({ ports, to: peers }) => ({ ...(ports && { ports }), peers })),
        to,
      ) &&
      isLet(
        coming,
        ({ spec }) => (spec?.ingress ?? []).map(({ ports, from: peers }) => ({ ...(ports && { ports }), peers })),
        from,
      )
    );
  };
};

const policiesOf = (props: McpObservabilityStackProps = {}): readonly Policy[] => {
  const app = Testing.app();
  new McpObservabilityStack(app, props);
  const chart = app.node.tryFindChild('network-policies');
  return chart === undefined ? [] : (Testing.synth(chart as Parameters<typeof Testing.synth>[0]) as readonly Policy[]);
};

const pod = (name: string, namespace: string, labels: Readonly<Record<string, string>>): Pod => ({
  name,
  namespace,
  labels,
});
const telemetry = (name: string, app: string, instance: string): Pod =>
  pod(name, 'telemetry', { 'app.kubernetes.io/name': app, 'app.kubernetes.io/instance': instance });

const RELEASE = 'kube-prometheus-stack';
const CLASS = { 'gateway.networking.k8s.io/gateway-class-name': 'agentgateway' };
const PODS = {
  gateway: pod('gateway', 'agentgateway-system', CLASS),
  elsewhere: pod('elsewhere', 'team-a', CLASS),
  controller: pod('controller', 'agentgateway-system', { 'app.kubernetes.io/name': 'tooltrail-controller' }),
  collector: telemetry('collector', 'opentelemetry-collector', 'opentelemetry-collector-traces'),
  tempo: telemetry('tempo', 'tempo', 'tempo'),
  prometheus: pod('prometheus', 'telemetry', {
    'app.kubernetes.io/name': 'prometheus',
    'operator.prometheus.io/name': `${RELEASE}-prometheus`,
  }),
  grafana: telemetry('grafana', 'grafana', RELEASE),
  operator: telemetry('operator', 'kube-prometheus-stack-prometheus-operator', RELEASE),
  state: telemetry('state', 'kube-state-metrics', RELEASE),
  other: pod('other', 'team-a', { app: 'other' }),
} as const;

describe('the stack lets through what it needs', () => {
  const reaches = network(policiesOf());

  test.each<[keyof typeof PODS, keyof typeof PODS, number]>([
    ['other', 'gateway', 3000],
    ['gateway', 'collector', 4317],
    ['gateway', 'collector', 4318],
    ['elsewhere', 'collector', 4317],
    ['other', 'collector', 4318],
    ['collector', 'tempo', 4317],
    ['tempo', 'prometheus', 9090],
    ['grafana', 'tempo', 3100],
    ['grafana', 'prometheus', 9090],
    ['prometheus', 'gateway', 15020],
    ['prometheus', 'collector', 8888],
    ['prometheus', 'tempo', 3100],
    ['prometheus', 'operator', 8080],
    ['prometheus', 'state', 8080],
    ['prometheus', 'other', 1234],
    ['gateway', 'other', 8443],
  ])('%s → %s:%d', (from, to, port) => {
    expect(reaches(PODS[from], PODS[to], port)).toBe(true);
  });

  test.each(['controller', 'operator', 'state'] as const)('%s → Kubernetes API', (from) => {
    expect(reaches(PODS[from], undefined, 6443)).toBe(true);
  });
});

describe('and nothing else', () => {
  const reaches = network(policiesOf());

  test.each<[keyof typeof PODS, keyof typeof PODS, number]>([
    ['other', 'gateway', 15020],
    ['other', 'collector', 8888],
    ['other', 'tempo', 3100],
    ['other', 'prometheus', 9090],
    ['other', 'grafana', 3000],
    ['other', 'controller', 15021],
    ['gateway', 'tempo', 4317],
    ['grafana', 'collector', 4317],
    ['collector', 'prometheus', 9090],
    ['tempo', 'grafana', 3000],
    ['state', 'tempo', 3100],
  ])('%s ↛ %s:%d', (from, to, port) => {
    expect(reaches(PODS[from], PODS[to], port)).toBe(false);
  });

  test.each(['collector', 'tempo', 'grafana'] as const)('%s ↛ the world', (from) => {
    expect(reaches(PODS[from], undefined, 443)).toBe(false);
  });
});

describe('options', () => {
  test('a collector with exporters of its own, and a Tempo with object storage, reach the world', () => {
    const exporters = { vendor: { endpoint: 'https://otlp.example.com:4317' } };
    const storage = { kind: 's3', bucket: 'traces', endpoint: 's3.example.com' } as const;
    const reaches = network(policiesOf({ collector: { exporters }, tempo: { storage } }));
    expect(reaches(PODS.collector, undefined, 443)).toBe(true);
    expect(reaches(PODS.tempo, undefined, 443)).toBe(true);
    expect(reaches(PODS.other, PODS.tempo, 3100)).toBe(false);
  });

  test('ports of the Kubernetes API are those that are given', () => {
    const reaches = network(policiesOf({ networkPolicies: { apiPorts: [7443] } }));
    expect([6443, 7443].map((port) => reaches(PODS.controller, undefined, port))).toEqual([false, true]);
  });

  test('without a controller none is confined', () => {
    const names = (props?: McpObservabilityStackProps) => policiesOf(props).map(({ metadata }) => metadata.name);
    expect(names()).toContain('tooltrail-controller');
    expect(names({ controller: false })).not.toContain('tooltrail-controller');
  });

  test('false: there are none', () => {
    expect(policiesOf({ networkPolicies: false })).toEqual([]);
  });

  test('a port that is none is refused', () => {
    const app = new App();
    new McpObservabilityStack(app, { networkPolicies: { apiPorts: [0] } });
    expect(app.node.findAll().flatMap((node) => node.node.validate())).toEqual([expect.stringMatching(/^apiPorts: 0/)]);
  });
});

describe('in dist/', () => {
  interface Templated {
    readonly metadata: { readonly namespace?: string };
    readonly spec?: {
      readonly template?: {
        readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
        readonly spec?: { readonly hostNetwork?: boolean };
      };
    };
  }
  const objects = readManifests('dist').flatMap((file) => file.objects);
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as readonly Policy[];
  const templates = (objects as readonly Templated[]).flatMap(({ metadata, spec }) =>
    spec?.template?.spec === undefined || spec.template.spec.hostNetwork === true
      ? []
      : [{ namespace: metadata.namespace, labels: spec.template.metadata?.labels }],
  );

  test('every workload of ours is confined', () => {
    expect(templates.length).toBeGreaterThan(5);
    for (const { namespace, labels } of templates) {
      const own = policies.filter(
        ({ metadata, spec }) => metadata.namespace === namespace && matches(spec?.podSelector?.matchLabels, labels),
      );
      expect([labels, own.length]).toEqual([labels, 1]);
    }
  });
});
