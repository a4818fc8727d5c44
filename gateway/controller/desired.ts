import type { IContainer, IEnvVar, IResourceRequirements } from 'kubernetes-models/v1';
import type { Gateway } from '../../lib/api/gateway-api.ts';
import { apiVersion, CONTROLLER_NAME, KINDS } from '../../lib/api/kinds.ts';
import { DEPLOYED_KINDS, type DeployedKind } from '../../lib/workload/kinds.ts';
import { deploymentSpec, type PodOptions, podLabels, podSelector, servicePorts } from '../../lib/workload/pod.ts';
import { isRecord } from '../kubernetes/failure.ts';
import type { References } from '../resolve/references.ts';
import type { OverlaidKind, Parameters } from './parameters.ts';
import { namedRules } from './rbac.ts';

/** An object as it is applied. */
export interface DesiredObject {
  readonly apiVersion: string;
  readonly kind: DeployedKind;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly unknown[];
  };
  readonly [field: string]: unknown;
}

export interface DesiredOptions {
  readonly gateway: Gateway;
  /** Of everything that is deployed for it. */
  readonly name: string;
  readonly parameters: Parameters;
  readonly references: References;
  readonly image: string;
  readonly version: string;
  /** ClusterRole with what every proxy may read. */
  readonly proxyRole: string;
  /** Whose GatewayClasses the proxies serve. */
  readonly controllerName: string;
  /** Value of the label `app.kubernetes.io/managed-by`. */
  readonly manager: string;
}

export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
/** Whose it is (`namespace/name`), for what is not collected with its Gateway. */
const OWNER_ANNOTATION = 'tooltrail.dev/gateway';

const DEFAULT_REPLICAS = 1;
const DEFAULT_MAX_REPLICAS = 10;

/** Everything that a Gateway's proxies need but the key of their sessions, in the order in which it is applied. */
export const desiredObjects = (options: DesiredOptions): readonly DesiredObject[] => {
  const { gateway, name, parameters } = options;
  const pod = podOptions(options);
  const own = ownMetadata(options);
  const selector = podSelector(name, pod.gateway);
  const isScaled = parameters.has('HorizontalPodAutoscaler');
  const object = (kind: OverlaidKind, fields: Readonly<Record<string, unknown>>): DesiredObject =>
    parameters.applyTo(kind, { apiVersion: apiVersion(DEPLOYED_KINDS[kind]), kind, metadata: own, ...fields });
  return [
    object('ServiceAccount', { automountServiceAccountToken: false }),
    ...roles(options, own.labels),
    object('Deployment', { spec: deploymentSpec(pod, isScaled ? undefined : DEFAULT_REPLICAS) }),
    object('Service', {
      spec: { type: 'LoadBalancer', selector, ports: servicePorts(pod.ports), ...loadBalancerAddress(gateway) },
    }),
    object('PodDisruptionBudget', { spec: { maxUnavailable: 1, selector: { matchLabels: selector } } }),
    ...(isScaled
      ? [
          object('HorizontalPodAutoscaler', {
            spec: {
              scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
              minReplicas: DEFAULT_REPLICAS,
              maxReplicas: DEFAULT_MAX_REPLICAS,
            },
          }),
        ]
      : []),
  ];
};

/** Name, labels and owner of what stands in the Gateway's namespace. */
export const ownMetadata = (options: DesiredOptions) => {
  const { gateway, name } = options;
  const annotations = gateway.spec.infrastructure?.annotations;
  return {
    name,
    namespace: gateway.metadata.namespace ?? '',
    labels: podLabels(podOptions(options)),
    ...(annotations === undefined ? {} : { annotations }),
    ownerReferences: [
      {
        apiVersion: apiVersion(KINDS.Gateway),
        kind: KINDS.Gateway.kind,
        name: gateway.metadata.name,
        uid: gateway.metadata.uid ?? '',
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
};

/** `namespace/name` of the Gateway that an object was made for, if the controller of that name made it. */
export const ownerOf = (
  { labels, annotations }: Readonly<Record<string, unknown>>,
  manager: string,
): string | undefined => {
  if (!isRecord(labels) || labels[MANAGED_BY_LABEL] !== manager || !isRecord(annotations)) return undefined;
  const owner = annotations[OWNER_ANNOTATION];
  return typeof owner === 'string' ? owner : undefined;
};

const podOptions = ({
  gateway,
  name,
  parameters,
  image,
  version,
  controllerName,
  manager,
}: DesiredOptions): PodOptions => {
  const { image: own, env = [], resources, shutdown, logging } = parameters.typed;
  const { namespace = '' } = gateway.metadata;
  const { labels, annotations } = gateway.spec.infrastructure ?? {};
  return {
    gateway: { namespace, name: gateway.metadata.name, className: gateway.spec.gatewayClassName },
    name,
    version,
    managedBy: manager,
    image: imageOf(own, image),
    ...(own?.pullPolicy === undefined
      ? {}
      : { imagePullPolicy: own.pullPolicy as NonNullable<IContainer['imagePullPolicy']> }),
    args: [
      ...['--kubernetes', '--gateway', `${namespace}/${gateway.metadata.name}`],
      ...(controllerName === CONTROLLER_NAME ? [] : ['--controller-name', controllerName]),
      ...(logging?.format === undefined ? [] : ['--log-format', logging.format]),
    ],
    // Gateway API: the ports of the listeners, each once.
    ports: [...new Set(gateway.spec.listeners.map(({ port }) => port))],
    environment: env as unknown as readonly IEnvVar[],
    ...(resources === undefined ? {} : { resources: resources as IResourceRequirements }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(shutdown === undefined ? {} : { shutdown }),
    apiToken: true,
  };
};

type ImageSpec = NonNullable<Parameters['typed']['image']>;

/** `registry/repository:tag`; parts that are not set are those of the usual image. */
const imageOf = (own: ImageSpec | undefined, usual: string): string => {
  if (own === undefined) return usual;
  const [, registry = '', repository = '', tag = ''] = /^(?:([^/]+[.:][^/]+)\/)?([^:@]+)(?::(.+))?$/.exec(usual) ?? [];
  const prefix = own.registry ?? registry;
  const name = `${prefix === '' ? '' : `${prefix}/`}${own.repository ?? repository}`;
  return own.digest === undefined ? `${name}:${own.tag ?? tag}` : `${name}@${own.digest}`;
};

/** A static address is asked of the load balancer, which takes one. */
const loadBalancerAddress = ({ spec }: Gateway): { readonly loadBalancerIP?: string } => {
  const value = spec.addresses?.find((address) => (address.value ?? '') !== '')?.value;
  return value === undefined ? {} : { loadBalancerIP: value };
};

/** What the proxies may read: what all may, and by name the Secrets and ConfigMaps that their Gateway leads to. */
const roles = (options: DesiredOptions, labels: Readonly<Record<string, string>>): readonly DesiredObject[] => {
  const { gateway, name, references, proxyRole, manager } = options;
  const { namespace = '', name: gatewayName } = gateway.metadata;
  const role = `${manager}.${name}.${namespace}`;
  const metadata = (place?: string) => ({
    name: role,
    ...(place === undefined ? {} : { namespace: place }),
    labels,
    annotations: { [OWNER_ANNOTATION]: `${namespace}/${gatewayName}` },
  });
  const { group } = DEPLOYED_KINDS.Role;
  const binding = (
    kind: 'ClusterRoleBinding' | 'RoleBinding',
    to: { readonly kind: string; readonly name: string },
    place?: string,
  ): DesiredObject => ({
    apiVersion: apiVersion(DEPLOYED_KINDS[kind]),
    kind,
    metadata: metadata(place),
    roleRef: { apiGroup: group, ...to },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  return [
    binding('ClusterRoleBinding', { kind: 'ClusterRole', name: proxyRole }),
    ...[...namedRules(references)].flatMap(([place, rules]): readonly DesiredObject[] => [
      { apiVersion: apiVersion(DEPLOYED_KINDS.Role), kind: 'Role', metadata: metadata(place), rules },
      binding('RoleBinding', { kind: 'Role', name: role }, place),
    ]),
  ];
};
