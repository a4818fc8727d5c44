import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { Yaml } from 'cdk8s';
import { Construct } from 'constructs';
import { namespacedName } from '../../api/kinds.ts';
import { PORTS } from '../../api/ports.ts';
import { type SecretKey, secretVariable } from '../../core/secret.ts';
import {
  type Component,
  configMap,
  metadataOf,
  RESTRICTED,
  service,
  serviceAccount,
  workload,
  write,
} from '../component.ts';
import { type PartProps, partProblems, placementOf } from '../pods/part.ts';
import { claimSpec, type PersistenceProps, persistenceProblems } from '../pods/persistence.ts';
import { resourcesOf } from '../pods/resources.ts';
import { dashboardFiles } from './dashboard-files.ts';
import { type DataSource, dataSourceEnvironment, dataSourceProblems, dataSources } from './data-sources.ts';

export interface GrafanaOptions extends PartProps {
  /**
   * Image of Grafana.
   *
   * @default 'docker.io/grafana/grafana:12.1.1'
   */
  readonly image?: string;
  /**
   * A disk for what people make in Grafana.
   *
   * @default - it goes with the pod; data sources and dashboards of manifests come again
   */
  readonly persistence?: PersistenceProps;
  /**
   * Further data sources.
   *
   * @default - none
   */
  readonly dataSources?: readonly DataSource[];
  /**
   * Variables of Grafana's configuration, such as `GF_SERVER_ROOT_URL`. Secrets are keys of Secrets of its namespace.
   *
   * @default - none besides those of the stack
   */
  readonly env?: Readonly<Record<string, string | SecretKey>>;
}

export interface GrafanaProps extends GrafanaOptions {
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
   * Base URL of Alertmanager.
   *
   * @default - there is none
   */
  readonly alertmanagerUrl?: string;
  /** How often Prometheus scrapes, as a Prometheus duration. */
  readonly scrapeInterval: string;
  /**
   * Dashboards that it begins with.
   *
   * @default - none
   */
  readonly dashboards?: readonly Dashboard[];
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
  /** Labels of its Service, for a ServiceMonitor. */
  readonly component: Component;

  constructor(scope: Construct, id: string, props: GrafanaProps) {
    super(scope, id);
    const { namespace, name, instance } = props;
    const component: Component = { namespace, name, app: 'grafana', instance };
    this.component = component;
    const others = props.dataSources ?? [];
    const urls = { prometheus: props.prometheusUrl, tempo: props.tempoUrl, alertmanager: props.alertmanagerUrl };
    const dashboardsName = `${name}-dashboards`;
    const config = Yaml.stringify(dataSources(urls, props.scrapeInterval, others));
    const fromOwn = (variable: string, key: string) => secretVariable(variable, { secret: { name }, key });
    write(this, serviceAccount(component));
    if (props.persistence !== undefined) {
      const spec = claimSpec(props.persistence);
      write(this, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: metadataOf(component), spec });
    }
    write(this, { apiVersion: 'v1', kind: 'Secret', metadata: metadataOf(component), type: 'Opaque' });
    write(this, configMap(component, { 'datasources.yaml': config, 'dashboards.yaml': Yaml.stringify(PROVIDER) }));
    write(this, configMap(component, dashboardFiles(props.dashboards ?? []), dashboardsName), '-dashboards');
    write(
      this,
      service(component, [
        { name: 'http-web', port: PORTS.grafanaService, targetPort: PORTS.grafana },
        // `port-forward svc/… 3000` names the Service's port.
        { name: 'http', port: PORTS.grafana },
      ]),
    );
    const deployment = workload(component, {
      kind: 'Deployment',
      user: USER,
      config,
      pod: {
        serviceAccountName: name,
        ...placementOf(props),
        containers: [
          {
            name: 'grafana',
            image: props.image ?? 'docker.io/grafana/grafana:12.1.1',
            imagePullPolicy: 'IfNotPresent',
            env: [
              fromOwn('GF_SECURITY_ADMIN_USER', 'admin-user'),
              fromOwn('GF_SECURITY_ADMIN_PASSWORD', 'admin-password'),
              { name: 'GF_ANALYTICS_REPORTING_ENABLED', value: 'false' },
              { name: 'GF_ANALYTICS_CHECK_FOR_UPDATES', value: 'false' },
              ...dataSourceEnvironment(others),
              ...Object.entries(props.env ?? {}).map(([variable, value]) =>
                typeof value === 'string' ? { name: variable, value } : secretVariable(variable, value),
              ),
            ],
            ports: [{ name: 'http', containerPort: PORTS.grafana }],
            readinessProbe: { httpGet: { path: '/api/health', port: 'http' } },
            resources: resourcesOf({ cpu: '100m', memory: '128Mi', memoryLimit: '512Mi', ...props.resources }),
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
          {
            name: 'data',
            ...(props.persistence === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName: name } }),
          },
          { name: 'tmp', emptyDir: {} },
        ],
      },
    });
    // A disk has one pod at a time.
    const strategy = props.persistence === undefined ? {} : { strategy: { type: 'Recreate' } };
    write(this, { ...deployment, spec: { ...deployment.spec, ...strategy } });
    this.node.addValidation({
      validate: () => [
        ...persistenceProblems(props.persistence, 'persistence'),
        ...dataSourceProblems(others, namespace),
        ...environmentProblems(props.env ?? {}, namespace),
        ...partProblems(props),
      ],
    });
  }
}

/** Variables whose values are secrets, by their names. */
const SECRET = /PASSWORD|SECRET|TOKEN|PRIVATE_KEY/;

const environmentProblems = (env: NonNullable<GrafanaOptions['env']>, namespace: string): readonly string[] =>
  Object.entries(env).flatMap(([name, value]) => {
    if (typeof value === 'string') {
      return SECRET.test(name)
        ? [`env.${name} is a secret, and would be in the manifest: give the key of a Secret`]
        : [];
    }
    const { secret } = value;
    return secret.namespace === namespace
      ? []
      : [`env.${name}: Secret ${namespacedName(secret)} is not in namespace ${namespace}, where the pod is`];
  });

const itemsOf = (key: string) => [{ key, path: key }];

/** Source: Grafana, provisioning of dashboards. */
const PROVIDER = {
  apiVersion: 1,
  providers: [
    { name: 'tooltrail', folder: 'Tooltrail', type: 'file', allowUiUpdates: false, options: { path: DASHBOARDS } },
  ],
};
