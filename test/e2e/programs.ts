import type { Program } from '../components/programs.ts';
import { loadProgram } from './images.ts';
import { manifests } from './manifests.ts';

/** Where the images of the stack have their programs. Images whose program cannot be built here are fetched by the cluster, if it can. */
const PROGRAMS: Readonly<Record<string, readonly [program: Program, path: string]>> = {
  'docker.io/otel/opentelemetry-collector-contrib': ['otelcol-contrib', '/otelcol-contrib'],
  'docker.io/grafana/tempo': ['tempo', '/tempo'],
  'quay.io/prometheus/prometheus': ['prometheus', '/bin/prometheus'],
  'quay.io/prometheus/node-exporter': ['node_exporter', '/bin/node_exporter'],
  'quay.io/prometheus-operator/prometheus-operator': ['prometheus-operator', '/bin/operator'],
  'quay.io/prometheus-operator/prometheus-config-reloader': [
    'prometheus-config-reloader',
    '/bin/prometheus-config-reloader',
  ],
  'registry.k8s.io/kube-state-metrics/kube-state-metrics': ['kube-state-metrics', '/kube-state-metrics'],
};

const IMAGE = /[\w.-]+\.[a-z]+\/[\w./-]+:[\w.-]+/g;

/** All that dist/ names, in whatever field or argument. */
const imagesOf = (objects: readonly object[]): readonly string[] => [
  ...new Set(JSON.stringify(objects).match(IMAGE) ?? []),
];

/** Makes the programs of the stack known to the cluster under the names of their images. */
export const loadPrograms = async (): Promise<void> => {
  for (const image of imagesOf(manifests)) {
    const [program, path] = PROGRAMS[image.slice(0, image.lastIndexOf(':'))] ?? [];
    if (program !== undefined) await loadProgram(program, image, path);
  }
};
