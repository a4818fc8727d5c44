import type { EndpointSlice, Service } from '../../../lib/api/core.ts';
import { SERVICE_NAME_LABEL } from '../../../lib/api/core.ts';
import type { Lookup } from '../lookup.ts';

/** Where Services have their names. */
const CLUSTER_DOMAIN = 'svc.cluster.local';
/** Protocols that a port may say it speaks and that are not served: to send it plain HTTP would be a mistake. */
const UNSUPPORTED_PROTOCOLS: ReadonlySet<string> = new Set([
  'kubernetes.io/h2c',
  'kubernetes.io/ws',
  'kubernetes.io/wss',
]);
/** Endpoints of one backend that are dialled; a Service of more is served by the first. */
const MAX_ENDPOINTS = 1_000;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export type ServiceResolution =
  | { readonly type: 'endpoints'; readonly endpoints: readonly Address[] }
  | { readonly type: 'invalid'; readonly reason: 'BackendNotFound' | 'UnsupportedProtocol'; readonly message: string };

export interface ServiceContext {
  readonly services: Lookup<Service>;
  /** By `serviceOf`. */
  readonly endpointSlices: Lookup<EndpointSlice>;
  /**
   * There is nobody who would write EndpointSlices: a Service that has none, or that is declared nowhere, is dialled by its name in the
   * cluster's DNS.
   */
  readonly standalone: boolean;
}

/** `namespace/name` of the Service that a slice belongs to. */
export const serviceOf = ({ metadata }: EndpointSlice): string =>
  `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`;

/** Services and their endpoints, looked up by name. */
export class Services {
  readonly #standalone: boolean;
  readonly #services: Lookup<Service>;
  readonly #slices: Lookup<EndpointSlice>;

  constructor({ services, endpointSlices, standalone }: ServiceContext) {
    this.#standalone = standalone;
    this.#services = services;
    this.#slices = endpointSlices;
  }

  get(namespace: string, name: string): Service | undefined {
    return this.#services.get(`${namespace}/${name}`);
  }

  endpointSlices(namespace: string, name: string): readonly EndpointSlice[] {
    return this.#slices.all(`${namespace}/${name}`);
  }

  /** Where a port of a Service is reached. */
  resolve(namespace: string, name: string, port: number): ServiceResolution {
    const fullName = `${namespace}/${name}`;
    const service = this.#services.get(fullName);
    const dnsName = `${name}.${namespace}.${CLUSTER_DOMAIN}`;
    if (service === undefined) {
      return this.#standalone ? endpoints([{ host: dnsName, port }]) : notFound(`Service ${fullName} not found`);
    }
    const { spec } = service;
    if (spec?.type === 'ExternalName') {
      return spec.externalName === undefined
        ? notFound(`Service ${fullName} has no externalName`)
        : endpoints([{ host: spec.externalName, port }]);
    }
    const found = spec?.ports?.find((item) => item.port === port);
    if (found === undefined) return notFound(`Service ${fullName} has no port ${port}`);
    if (found.protocol !== undefined && found.protocol !== 'TCP') {
      return notFound(`port ${port} of Service ${fullName} is ${found.protocol}, not TCP`);
    }
    if (found.appProtocol !== undefined && UNSUPPORTED_PROTOCOLS.has(found.appProtocol)) {
      const message = `port ${port} of Service ${fullName} has appProtocol ${found.appProtocol}, which is not supported`;
      return { type: 'invalid', reason: 'UnsupportedProtocol', message };
    }
    const slices = this.#slices.all(fullName);
    if (slices.length === 0 && this.#standalone) {
      // The addresses behind a headless Service's name are the pods' own, so the port has to be theirs too.
      const own = spec?.clusterIP === 'None' && typeof found.targetPort === 'number' ? found.targetPort : port;
      return endpoints([{ host: dnsName, port: own }]);
    }
    return endpoints(readyAddresses(slices, found.name ?? ''));
  }
}

const endpoints = (addresses: readonly Address[]): ServiceResolution => ({ type: 'endpoints', endpoints: addresses });

const notFound = (message: string): ServiceResolution => ({ type: 'invalid', reason: 'BackendNotFound', message });

/** Ports of slices go by the name of the Service's port, which is empty if it is the only one. */
const readyAddresses = (slices: readonly EndpointSlice[], portName: string): readonly Address[] => {
  const found = new Map<string, Address>();
  for (const { addressType, endpoints: items = [], ports = [] } of slices) {
    if (addressType === 'FQDN') continue;
    const port = ports.find(({ name = '' }) => name === portName)?.port;
    if (port === undefined || port === 0) continue;
    for (const { addresses, conditions } of items) {
      // Kubernetes: an unknown condition counts as ready, and all addresses of an endpoint are the same.
      const [host] = addresses;
      if (conditions?.ready === false || host === undefined) continue;
      if (found.size < MAX_ENDPOINTS) found.set(`${host} ${port}`, { host, port });
    }
  }
  return [...found.values()];
};
