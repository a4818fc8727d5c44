import { parse } from 'yaml';
import type { Written } from '../charts.ts';
import { NAMESPACE } from './configs.ts';

interface Labels {
  readonly [name: string]: string;
}

interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env?: readonly { readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } } }[];
  readonly volumeMounts?: readonly { readonly name: string }[];
  readonly securityContext?: unknown;
}

interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly securityContext?: unknown;
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

interface Workload {
  readonly serviceName?: string;
  readonly selector: { readonly matchLabels: Labels };
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
}

const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet'];
const title = ({ kind, metadata }: Written): string => `${kind} ${metadata.name}`;
const workloadsIn = (objects: readonly Written[]) =>
  objects.flatMap((object) => (WORKLOADS.includes(object.kind) ? [{ object, spec: object.spec as Workload }] : []));
const matches = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);

/**
 * What objects name that is not among them: ConfigMaps, Secrets, ServiceAccounts, volumes, Services, pods behind a selector, ports. Hosts of
 * their own namespace in their configurations are Services too.
 * @param foreign ConfigMaps and Secrets that somebody else owns
 */
export const danglingReferences = (objects: readonly Written[], foreign: readonly string[]): readonly string[] => {
  const has = (kind: string, name: string): boolean =>
    foreign.includes(name) || objects.some((object) => object.kind === kind && object.metadata.name === name);
  const missing = (kind: string, names: readonly (string | undefined)[]): readonly string[] =>
    names.flatMap((name) => (name === undefined || has(kind, name) ? [] : [`${kind} ${name}`]));
  const ofWorkload = ({ serviceName, selector, template, volumeClaimTemplates = [] }: Workload): readonly string[] => {
    const { containers, volumes = [], serviceAccountName } = template.spec;
    const known = [...volumes.map(({ name }) => name), ...volumeClaimTemplates.map(({ metadata }) => metadata.name)];
    return [
      ...missing(
        'ConfigMap',
        volumes.map(({ configMap }) => configMap?.name),
      ),
      ...missing(
        'Secret',
        volumes.map(({ secret }) => secret?.secretName),
      ),
      ...missing(
        'Secret',
        containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name)),
      ),
      ...missing('ServiceAccount', [serviceAccountName]),
      ...missing('Service', [serviceName]),
      ...containers.flatMap(({ volumeMounts = [] }) =>
        volumeMounts.flatMap(({ name }) => (known.includes(name) ? [] : [`volume ${name}`])),
      ),
      ...(matches(selector.matchLabels, template.metadata.labels) ? [] : ['pods of its own']),
    ];
  };
  return [
    ...workloadsIn(objects).flatMap(({ object, spec }) => ofWorkload(spec).map((what) => `${title(object)}: ${what}`)),
    ...objects.flatMap((object) => selectorProblems(object, objects).map((what) => `${title(object)}: ${what}`)),
    ...hostsIn(objects).flatMap(({ object, host }) =>
      missing('Service', [host]).map((what) => `${title(object)}: ${what}`),
    ),
  ];
};

const podsBehind = (selector: Labels, objects: readonly Written[]): readonly PodSpec[] =>
  workloadsIn(objects)
    .filter(({ spec }) => matches(selector, spec.template.metadata.labels))
    .map(({ spec }) => spec.template.spec);

/** Services, budgets and monitors: each selects something, and by a port that it has. */
const selectorProblems = (object: Written, objects: readonly Written[]): readonly string[] => {
  const spec = object.spec as Readonly<Record<string, unknown>>;
  const declared = (pods: readonly PodSpec[]) =>
    pods.flatMap(({ containers }) => containers.flatMap(({ ports = [] }) => ports));
  switch (object.kind) {
    case 'Service': {
      const ports = declared(podsBehind(spec.selector as Labels, objects));
      return (spec.ports as readonly { readonly targetPort: number | string }[]).flatMap(({ targetPort }) =>
        ports.some(({ name, containerPort }) => name === targetPort || containerPort === targetPort)
          ? []
          : [`port ${targetPort}`],
      );
    }
    case 'PodDisruptionBudget':
      return podsBehind((spec.selector as { matchLabels: Labels }).matchLabels, objects).length === 1 ? [] : ['pods'];
    case 'PodMonitor': {
      const ports = declared(podsBehind((spec.selector as { matchLabels: Labels }).matchLabels, objects));
      return (spec.podMetricsEndpoints as readonly { readonly port: string }[]).flatMap(({ port }) =>
        ports.some(({ name }) => name === port) ? [] : [`port ${port}`],
      );
    }
    case 'ServiceMonitor': {
      const { matchLabels } = spec.selector as { matchLabels: Labels };
      const services = objects.filter(
        ({ kind, metadata }) => kind === 'Service' && matches(matchLabels, (metadata.labels ?? {}) as Labels),
      );
      const ports = services.flatMap((service) => (service.spec as { ports: readonly { name: string }[] }).ports);
      return (spec.endpoints as readonly { readonly port: string }[]).flatMap(({ port }) =>
        ports.filter(({ name }) => name === port).length === 1 ? [] : [`port ${port}`],
      );
    }
    default:
      return [];
  }
};

/** Hosts of the namespace in configurations, but for the Tempo of another app. */
const hostsIn = (objects: readonly Written[]) =>
  objects
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap((object) => {
      const text = JSON.stringify(Object.values(object.data as Record<string, string>).map((each) => parse(each)));
      const hosts = [...text.matchAll(new RegExp(`([a-z0-9-]+)\\.${NAMESPACE}\\.svc\\.cluster\\.local`, 'g'))];
      const own = objects.some(({ metadata }) => metadata.name === 'tempo');
      return hosts.flatMap(([, host = '']) => (host === 'tempo' && !own ? [] : [{ object, host }]));
    });

const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

/** Pods and containers beyond the restricted Pod Security standard, or that may write to their own file system. */
export const unrestricted = (objects: readonly Written[]): readonly string[] =>
  workloadsIn(objects).flatMap(({ object, spec }) => {
    const { securityContext, containers } = spec.template.spec;
    const { runAsNonRoot, seccompProfile } = (securityContext ?? {}) as Record<string, unknown>;
    return [
      ...(runAsNonRoot === true && JSON.stringify(seccompProfile) === '{"type":"RuntimeDefault"}' ? [] : ['pod']),
      ...containers
        .filter((container) => !same(container.securityContext, RESTRICTED_CONTAINER))
        .map(({ name }) => `container ${name}`),
      ...Object.keys(spec.template.spec).filter((field) => /^host(PID|IPC|Network)$/.test(field)),
    ].map((what) => `${title(object)}: ${what}`);
  });

const same = (left: unknown, right: unknown): boolean => {
  const sorted = (value: unknown): string => JSON.stringify(Object.entries(value ?? {}).sort());
  return sorted(left) === sorted(right);
};
