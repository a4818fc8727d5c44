import { Yaml } from 'cdk8s';
import { Construct } from 'constructs';
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

export interface TempoProps {
  /** Namespace of all objects. */
  readonly namespace: string;
  /**
   * Image of Tempo.
   *
   * @default 'docker.io/grafana/tempo:2.8.2'
   */
  readonly image?: string;
  /**
   * How long traces are kept, as a Go duration.
   *
   * @default '24h'
   */
  readonly retention?: string;
}

const CONFIG_FOLDER = '/conf';
const DATA_FOLDER = '/var/tempo';
/** The image's own user. */
const USER = 10001;

/**
 * Grafana Tempo as a single binary without persistence: traces live as long as the pod. Named after the construct's id. OTLP over gRPC
 * comes in, Grafana and people query over HTTP.
 */
export class Tempo extends Construct {
  readonly namespace: string;
  readonly serviceName: string;
  /** Query API, for Grafana's data source. */
  readonly queryUrl: string;
  /** OTLP over gRPC, plain text, for collectors: `http://<host>:<port>`. */
  readonly otlpGrpcEndpoint: string;

  constructor(scope: Construct, id: string, props: TempoProps) {
    super(scope, id);
    const { namespace } = props;
    const component: Component = { namespace, name: id, app: 'tempo', instance: id };
    const host = `${id}.${namespace}.svc.cluster.local`;
    this.namespace = namespace;
    this.serviceName = id;
    this.queryUrl = `http://${host}:${PORTS.tempoHttp}`;
    this.otlpGrpcEndpoint = `http://${host}:${PORTS.otlpGrpc}`;

    const config = Yaml.stringify(tempoConfig(props.retention ?? '24h'));
    write(this, serviceAccount(component));
    write(this, configMap(component, { 'tempo.yaml': config }));
    write(
      this,
      service(component, [
        { name: 'otlp-grpc', port: PORTS.otlpGrpc },
        { name: 'http', port: PORTS.tempoHttp },
      ]),
    );
    write(
      this,
      workload(component, {
        kind: 'StatefulSet',
        user: USER,
        config,
        pod: {
          serviceAccountName: id,
          containers: [
            {
              name: 'tempo',
              image: props.image ?? 'docker.io/grafana/tempo:2.8.2',
              imagePullPolicy: 'IfNotPresent',
              args: [`-config.file=${CONFIG_FOLDER}/tempo.yaml`],
              ports: [
                { name: 'otlp-grpc', containerPort: PORTS.otlpGrpc },
                { name: 'http', containerPort: PORTS.tempoHttp },
              ],
              readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
              resources: resources('100m', '256Mi', '2Gi'),
              securityContext: RESTRICTED,
              volumeMounts: [
                { name: 'config', mountPath: CONFIG_FOLDER, readOnly: true },
                { name: 'data', mountPath: DATA_FOLDER },
              ],
            },
          ],
          volumes: [
            { name: 'config', configMap: { name: id } },
            { name: 'data', emptyDir: {} },
          ],
        },
      }),
    );
  }
}

/** Source: Tempo 2.8, configuration reference. */
const tempoConfig = (retention: string) => ({
  server: { http_listen_port: PORTS.tempoHttp },
  distributor: { receivers: { otlp: { protocols: { grpc: { endpoint: `0.0.0.0:${PORTS.otlpGrpc}` } } } } },
  compactor: { compaction: { block_retention: retention } },
  storage: {
    trace: { backend: 'local', local: { path: `${DATA_FOLDER}/traces` }, wal: { path: `${DATA_FOLDER}/wal` } },
  },
  usage_report: { reporting_enabled: false },
});
