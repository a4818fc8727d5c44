import { Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { PORTS } from '../api/ports.ts';
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
   * Image of Grafana.
   *
   * @default 'docker.io/grafana/grafana:12.1.1'
   */
  readonly image?: string;
}

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
    const config = Yaml.stringify(dataSources(props));
    const fromSecret = (variable: string, key: string) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name, key } },
    });
    write(this, serviceAccount(component));
    write(this, { apiVersion: 'v1', kind: 'Secret', metadata: metadataOf(component), type: 'Opaque' });
    write(this, configMap(component, { 'datasources.yaml': config }));
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
                { name: 'datasources', mountPath: '/etc/grafana/provisioning/datasources', readOnly: true },
                { name: 'data', mountPath: '/var/lib/grafana' },
                { name: 'tmp', mountPath: '/tmp' },
              ],
            },
          ],
          volumes: [
            { name: 'datasources', configMap: { name } },
            { name: 'data', emptyDir: {} },
            { name: 'tmp', emptyDir: {} },
          ],
        },
      }),
    );
  }
}

/** Source: Grafana, provisioning of data sources. */
const dataSources = ({ prometheusUrl, tempoUrl }: GrafanaProps) => ({
  apiVersion: 1,
  datasources: [
    { name: 'Prometheus', type: 'prometheus', uid: 'prometheus', url: prometheusUrl, access: 'proxy', isDefault: true },
    { name: 'Tempo', type: 'tempo', uid: 'tempo', url: tempoUrl, access: 'proxy', isDefault: false },
  ],
});
