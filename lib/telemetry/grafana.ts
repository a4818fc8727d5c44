import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { PORTS } from '../api/ports.ts';
import { REQUEST_ATTRIBUTES, STANDARD_ATTRIBUTES } from '../api/telemetry/attributes.ts';
import { EXEMPLAR_LABELS } from '../api/telemetry/exemplars.ts';
import {
  type Component,
  configMap,
  metadataOf,
  RESTRICTED,
  resources,
  service,
  serviceAccount,
  workload,
  write,
} from './component.ts';
import { DATA_SOURCES } from './data-sources.ts';
import { histogram } from './promql/series.ts';

export interface GrafanaProps {
  readonly namespace: string;
  /** Name of all objects, the Secret with the admin's password included. */
  readonly name: string;
  /** Release that the labels name. */
  readonly instance: string;
  /** Base URL of Prometheus. */
  readonly prometheusUrl: string;
  /** Query API of Tempo. */
  readonly tempoUrl: string;
  /**
   * Dashboards that it begins with.
   *
   * @default - none
   */
  readonly dashboards?: readonly Dashboard[];
  /**
   * Image of Grafana.
   *
   * @default 'docker.io/grafana/grafana:12.1.1'
   */
  readonly image?: string;
}

const PROVISIONING = '/etc/grafana/provisioning';
const DASHBOARDS = '/var/lib/grafana-dashboards';
/** The image's own user. */
const USER = 472;

/**
 * Grafana with two data sources, `prometheus` (the default) and `tempo`. The Secret of its name is written without data, so no password is
 * ever in a manifest; the pod starts once it has `admin-user` and `admin-password`, which `GrafanaPassword` or somebody fills in.
 */
export class Grafana extends Construct {
  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id);
    const { namespace, name, instance } = props;
    const component: Component = { namespace, name, app: 'grafana', instance };
    const dashboardsName = `${name}-dashboards`;
    const config = Yaml.stringify(dataSources(props));
    const fromSecret = (variable: string, key: string) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name, key } },
    });
    write(this, serviceAccount(component));
    write(this, { apiVersion: 'v1', kind: 'Secret', metadata: metadataOf(component), type: 'Opaque' });
    write(this, configMap(component, { 'datasources.yaml': config, 'dashboards.yaml': Yaml.stringify(PROVIDER) }));
    write(this, configMap(component, filesOf(props.dashboards ?? []), dashboardsName), '-dashboards');
    write(
      this,
      service(component, [
        { name: 'http-web', port: PORTS.grafanaService, targetPort: PORTS.grafana },
        // `port-forward svc/… 3000` names the Service's port.
        { name: 'http', port: PORTS.grafana },
      ]),
    );
    write(
      this,
      workload(component, {
        kind: 'Deployment',
        user: USER,
        config,
        pod: {
          serviceAccountName: name,
          containers: [
            {
              name: 'grafana',
              image: props.image ?? 'docker.io/grafana/grafana:12.1.1',
              imagePullPolicy: 'IfNotPresent',
              env: [
                fromSecret('GF_SECURITY_ADMIN_USER', 'admin-user'),
                fromSecret('GF_SECURITY_ADMIN_PASSWORD', 'admin-password'),
                { name: 'GF_ANALYTICS_REPORTING_ENABLED', value: 'false' },
                { name: 'GF_ANALYTICS_CHECK_FOR_UPDATES', value: 'false' },
              ],
              ports: [{ name: 'http', containerPort: PORTS.grafana }],
              readinessProbe: { httpGet: { path: '/api/health', port: 'http' } },
              resources: resources('100m', '128Mi', '512Mi'),
              securityContext: RESTRICTED,
              volumeMounts: [
                { name: 'datasources', mountPath: `${PROVISIONING}/datasources`, readOnly: true },
                { name: 'providers', mountPath: `${PROVISIONING}/dashboards`, readOnly: true },
                { name: 'dashboards', mountPath: DASHBOARDS, readOnly: true },
                { name: 'data', mountPath: '/var/lib/grafana' },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: [
            { name: 'datasources', configMap: { name, items: itemsOf('datasources.yaml') } },
            { name: 'providers', configMap: { name, items: itemsOf('dashboards.yaml') } },
            { name: 'dashboards', configMap: { name: dashboardsName } },
            { name: 'data', emptyDir: {} },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      }),
    );
  }
}

const itemsOf = (key: string) => [{ key, path: key }];

/** Source: Grafana, provisioning of dashboards. */
const PROVIDER = {
  apiVersion: 1,
  providers: [
    { name: 'tooltrail', folder: 'Tooltrail', type: 'file', allowUiUpdates: false, options: { path: DASHBOARDS } },
  ],
};

const filesOf = (dashboards: readonly Dashboard[]): Readonly<Record<string, string>> =>
  Object.fromEntries(dashboards.map((dashboard) => [`${dashboard.uid}.json`, JSON.stringify(dashboard, undefined, 2)]));

/** Source: Grafana, provisioning of data sources; Prometheus and Tempo data source. `$$` is a dollar there. */
const dataSources = ({ prometheusUrl, tempoUrl }: GrafanaProps) => ({
  apiVersion: 1,
  datasources: [
    {
      name: 'Prometheus',
      ...DATA_SOURCES.prometheus,
      url: prometheusUrl,
      access: 'proxy',
      isDefault: true,
      jsonData: {
        httpMethod: 'POST',
        timeInterval: '30s',
        exemplarTraceIdDestinations: [{ name: EXEMPLAR_LABELS.traceId, datasourceUid: DATA_SOURCES.tempo.uid }],
      },
    },
    {
      name: 'Tempo',
      ...DATA_SOURCES.tempo,
      url: tempoUrl,
      access: 'proxy',
      isDefault: false,
      jsonData: {
        nodeGraph: { enabled: true },
        serviceMap: { datasourceUid: DATA_SOURCES.prometheus.uid },
        tracesToMetrics: {
          datasourceUid: DATA_SOURCES.prometheus.uid,
          spanStartTimeShift: '-10m',
          spanEndTimeShift: '10m',
          tags: [
            { key: STANDARD_ATTRIBUTES.tool, value: 'gen_ai_tool_name' },
            { key: REQUEST_ATTRIBUTES.mcpTarget, value: 'mcp_target' },
          ],
          queries: [
            { name: 'Calls of this tool', query: `sum by (outcome) (rate(${taggedCalls('count')}[5m]))` },
            {
              name: 'p95 of this tool',
              query: `histogram_quantile(0.95, sum by (le) (rate(${taggedCalls('bucket')}[5m])))`,
            },
          ],
        },
      },
    },
  ],
});

/** Series of tool calls, narrowed to the labels that Grafana makes of the span's attributes. */
const taggedCalls = (part: 'count' | 'bucket'): string => `${histogram('serverOperation', part)}{$$__tags}`;
