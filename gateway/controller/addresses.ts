import type { EndpointSlice, Service } from '../../lib/api/core.ts';
import { isRecord } from '../kubernetes/failure.ts';

/** Where the proxies of a Gateway are reached, by the Service in front of them. */
export interface Reached {
  readonly addresses: readonly string[];
  /** Why nobody would answer there yet. */
  readonly pending: string | undefined;
}

export const reachedAt = (service: Service | undefined, endpointSlices: readonly EndpointSlice[]): Reached => {
  if (service === undefined) return { addresses: [], pending: 'The proxies are not deployed yet' };
  const isReady = endpointSlices.some(({ endpoints = [] }) =>
    endpoints.some(({ conditions }) => conditions?.ready !== false),
  );
  return { addresses: addressesOf(service), pending: isReady ? undefined : 'No proxy is ready yet' };
};

/** Of the load balancer, or the one inside the cluster where there is none. */
const addressesOf = ({ spec, status }: Service & { readonly status?: unknown }): readonly string[] => {
  if (spec?.type !== 'LoadBalancer') {
    return typeof spec?.clusterIP === 'string' && spec.clusterIP !== 'None' ? [spec.clusterIP] : [];
  }
  const balancer = isRecord(status) && isRecord(status.loadBalancer) ? status.loadBalancer.ingress : undefined;
  return (Array.isArray(balancer) ? balancer : []).flatMap((item: unknown) => {
    const { ip, hostname } = isRecord(item) ? item : {};
    return typeof ip === 'string' ? [ip] : typeof hostname === 'string' ? [hostname] : [];
  });
};
