/** A folder beside this file: a Go module that pins one component and all that it is built from. */
export type Module =
  | 'etcd'
  | 'kubernetes'
  | 'conformance'
  | 'coredns'
  | 'collector'
  | 'tempo'
  | 'prometheus'
  | 'prometheus-operator'
  | 'node-exporter'
  | 'kube-state-metrics';

export interface Source {
  readonly module: Module;
  /** What is compiled. */
  readonly package: string;
  /** It is a test binary, with the flags of `go test`. */
  readonly test?: true;
}

const OPERATOR = 'github.com/prometheus-operator/prometheus-operator/cmd';

const kubernetes = (name: string): Source => ({ module: 'kubernetes', package: `k8s.io/kubernetes/cmd/${name}` });

/** Every real component that tests run, by the name of its program. */
export const PROGRAMS = {
  etcd: { module: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  kubectl: kubernetes('kubectl'),
  'echo-basic': { module: 'conformance', package: 'sigs.k8s.io/gateway-api/conformance/echo-basic' },
  'gateway-api-conformance': { module: 'conformance', package: '.', test: true },
  coredns: { module: 'coredns', package: 'github.com/coredns/coredns' },
  'otelcol-contrib': { module: 'collector', package: '.' },
  'prometheus-operator': { module: 'prometheus-operator', package: `${OPERATOR}/operator` },
  'prometheus-config-reloader': { module: 'prometheus-operator', package: `${OPERATOR}/prometheus-config-reloader` },
  prometheus: { module: 'prometheus', package: 'github.com/prometheus/prometheus/cmd/prometheus' },
  promtool: { module: 'prometheus', package: 'github.com/prometheus/prometheus/cmd/promtool' },
  node_exporter: { module: 'node-exporter', package: 'github.com/prometheus/node_exporter' },
  'kube-state-metrics': { module: 'kube-state-metrics', package: 'k8s.io/kube-state-metrics/v2' },
  tempo: { module: 'tempo', package: 'github.com/grafana/tempo/cmd/tempo' },
} as const satisfies Readonly<Record<string, Source>>;

export type Program = keyof typeof PROGRAMS;

/** What an API server and all around it needs. */
export const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;
/** What the Gateway API's own suite needs. */
export const CONFORMANCE = ['echo-basic', 'coredns', 'gateway-api-conformance'] as const;
/** What traces and metrics go through. */
export const TELEMETRY = ['otelcol-contrib', 'tempo', 'prometheus', 'promtool', 'prometheus-operator'] as const;
