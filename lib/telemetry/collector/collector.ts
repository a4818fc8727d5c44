import { Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import type { OtlpCollector } from '../../agentgateway/collector.ts';
import { PORTS } from '../../api/ports.ts';
import {
  type Component,
  configMap,
  RESTRICTED,
  resources,
  service,
  serviceAccount,
  workload,
  write,
} from '../component.ts';
import type { Tempo } from '../tempo/tempo.ts';

export interface OpenTelemetryCollectorProps {
  /** Namespace of all objects. */
  readonly namespace: string;
  /** Where traces go. */
  readonly tempo: Tempo;
  /**
   * Name of the ReferenceGrant for policies of other namespaces.
   *
   * @default `allow-<name>-access`
   */
  readonly grantName?: string;
  /**
   * Image of the contrib distribution.
   *
   * @default 'docker.io/otel/opentelemetry-collector-contrib:0.155.0'
   */
  readonly image?: string;
  /**
   * Pods.
   *
   * @default 1
   */
  readonly replicas?: number;
}

const CONFIG_FOLDER = '/conf';
/** The image's own user. */
const USER = 10001;

/**
 * An OpenTelemetry Collector that takes OTLP, prints what it gets and passes it to Tempo. Named after the construct's id, labelled as the
 * chart's release of that name.
 */
export class OpenTelemetryCollector extends Construct implements OtlpCollector {
  readonly namespace: string;
  readonly serviceName: string;
  readonly grpcPort: number = PORTS.otlpGrpc;
  readonly httpPort: number = PORTS.otlpHttp;
  readonly grantScope: Construct;
  readonly grantName: string;

  constructor(scope: Construct, id: string, props: OpenTelemetryCollectorProps) {
    super(scope, id);
    const { namespace, replicas = 1 } = props;
    const component: Component = { namespace, name: id, app: 'opentelemetry-collector', instance: id };
    this.namespace = namespace;
    this.serviceName = id;
    this.grantScope = this;
    this.grantName = props.grantName ?? `allow-${id}-access`;

    const config = Yaml.stringify(collectorConfig(props.tempo.otlpGrpcEndpoint));
    const ports = [
      { name: 'otlp', port: PORTS.otlpGrpc },
      { name: 'otlp-http', port: PORTS.otlpHttp },
    ];
    const health = { httpGet: { path: '/', port: PORTS.collectorHealth } };
    write(this, serviceAccount(component));
    write(this, configMap(component, { 'relay.yaml': config }));
    write(this, service(component, ports));
    const deployment = workload(component, {
      kind: 'Deployment',
      user: USER,
      config,
      pod: {
        serviceAccountName: id,
        containers: [
          {
            name: 'opentelemetry-collector',
            image: props.image ?? 'docker.io/otel/opentelemetry-collector-contrib:0.155.0',
            imagePullPolicy: 'IfNotPresent',
            command: ['/otelcol-contrib'],
            args: [`--config=${CONFIG_FOLDER}/relay.yaml`],
            ports: ports.map(({ name, port }) => ({ name, containerPort: port })),
            livenessProbe: health,
            readinessProbe: health,
            resources: resources('50m', '128Mi', '512Mi'),
            securityContext: RESTRICTED,
            volumeMounts: [{ name: 'config', mountPath: CONFIG_FOLDER, readOnly: true }],
          },
        ],
        volumes: [{ name: 'config', configMap: { name: id } }],
      },
    });
    write(this, { ...deployment, spec: { ...deployment.spec, replicas } });
    this.node.addValidation({
      validate: () =>
        Number.isInteger(replicas) && replicas >= 0 ? [] : [`replicas: ${replicas} is not a whole number from 0`],
    });
  }
}

/** The post's pipeline. Source: OpenTelemetry Collector, configuration. */
const collectorConfig = (tempoUrl: string) => ({
  extensions: { health_check: { endpoint: `0.0.0.0:${PORTS.collectorHealth}` } },
  receivers: {
    otlp: {
      protocols: {
        grpc: { endpoint: `0.0.0.0:${PORTS.otlpGrpc}` },
        http: { endpoint: `0.0.0.0:${PORTS.otlpHttp}` },
      },
    },
  },
  processors: { batch: {} },
  exporters: {
    debug: { verbosity: 'detailed' },
    'otlp/tempo': { endpoint: tempoUrl, tls: { insecure: true } },
  },
  service: {
    extensions: ['health_check'],
    pipelines: { traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['debug', 'otlp/tempo'] } },
  },
});
