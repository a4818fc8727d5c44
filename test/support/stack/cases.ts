import { Chart, Testing } from 'cdk8s';
import { type SecretKey, SecretReference } from '../../../lib/core/secret.ts';
import { type CollectorOptions, NAMESPACE, type TempoOptions } from './configs.ts';

/** Keys of a Secret that somebody else owns. */
const secretKey = (name: string, key: string): SecretKey => {
  const chart = new Chart(Testing.app(), 'secrets', { namespace: NAMESPACE });
  return new SecretReference(chart, name, { keys: [key], create: false }).key(key);
};

const S3 = { kind: 's3', bucket: 'traces', endpoint: 's3.eu-central-1.amazonaws.com' } as const;

/** Option sets of the Collector that tests go through, by what they are about. */
export const COLLECTOR_CASES: Readonly<Record<string, CollectorOptions>> = {
  'the defaults': {},
  'several pods': { replicas: 3, priorityClassName: 'telemetry' },
  'nothing printed': { debug: 'off', monitor: false },
  'tail sampling': { tailSampling: {}, debug: 'basic' },
  'tail sampling of everything there is to choose': {
    tailSampling: {
      percentage: 0.5,
      keepErrors: false,
      keepDenials: false,
      slowerThan: '500ms',
      decisionWait: '1m',
      maxTraces: 1000,
    },
    resources: { cpu: '1', memory: '1Gi', memoryLimit: '4Gi' },
  },
  'two tiers': {
    replicas: 3,
    tailSampling: { percentage: 5 },
    redaction: {},
    exporters: { logs: { endpoint: 'http://loki.telemetry:3100/otlp', protocol: 'HTTP', signals: ['logs'] } },
  },
  redaction: { redaction: { keys: ['^patient\\.', 'ward$'], values: ['(?i)\\bmrn-\\d{6}\\b'] } },
  'redaction of nothing but what is named': { redaction: { secrets: false, values: ['\\$\\{?[A-Z]+\\}?$'] } },
  exporters: {
    exporters: {
      vendor: {
        endpoint: 'https://otlp.example.com:4317',
        headers: { 'x-api-key': secretKey('vendor', 'key'), 'x-team': 'agents $1' },
      },
      mesh: {
        endpoint: 'https://otlp.example.com/base',
        protocol: 'HTTP',
        tls: { authorities: 'mesh-authorities', clientCertificate: 'mesh-client', serverName: 'collector.mesh' },
        signals: ['traces'],
      },
    },
  },
};

/** Option sets of Tempo that tests go through, by what they are about. */
export const TEMPO_CASES: Readonly<Record<string, TempoOptions>> = {
  'the defaults': {},
  'a volume': { retention: '168h', persistence: { size: '10Gi', storageClass: 'fast' } },
  'metrics of spans': {
    metricsGenerator: { prometheusUrl: 'http://prometheus.telemetry:9090/', dimensions: ['mcp.target'] },
  },
  'S3 with keys': {
    storage: {
      ...S3,
      region: 'eu-central-1',
      prefix: 'agents',
      keys: { accessKeyId: secretKey('tempo-s3', 'id'), secretAccessKey: secretKey('tempo-s3', 'secret') },
    },
  },
  'S3 by path in plain text, and a volume': {
    storage: { ...S3, endpoint: 'minio.storage:9000', insecure: true, pathStyle: true },
    persistence: { size: '5Gi' },
  },
  'GCS with a key': { storage: { kind: 'gcs', bucket: 'traces', key: secretKey('tempo-gcs', 'key.json') } },
  'GCS by identity': {
    storage: { kind: 'gcs', bucket: 'traces', prefix: 'agents' },
    serviceAccountAnnotations: { 'iam.gke.io/gcp-service-account': 'tempo@project.iam.gserviceaccount.com' },
  },
  'Azure with a key': {
    storage: { kind: 'azure', account: 'traces', container: 'tempo', key: secretKey('tempo-azure', 'key') },
  },
  'Azure by identity': { storage: { kind: 'azure', account: 'traces', container: 'tempo', prefix: 'agents' } },
  'the distributed mode': {
    storage: S3,
    distributed: {},
    metricsGenerator: { prometheusUrl: 'http://prometheus.telemetry:9090' },
  },
  'a small distributed mode with volumes': {
    storage: { ...S3, keys: { accessKeyId: secretKey('s3', 'id'), secretAccessKey: secretKey('s3', 'secret') } },
    distributed: {
      distributor: { replicas: 1 },
      ingester: { replicas: 1, resources: { memoryLimit: '4Gi' } },
      querier: { replicas: 1 },
      queryFrontend: { replicas: 1 },
    },
    persistence: { size: '20Gi' },
    monitor: false,
  },
};
