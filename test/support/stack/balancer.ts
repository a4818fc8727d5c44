interface Balancer {
  readonly routing_key: string;
  readonly protocol: { readonly otlp: object };
  readonly resolver: { readonly dns: { readonly hostname: string; readonly port: string } };
}

const BALANCER = 'loadbalancing';
const STAND_IN = 'otlp/samplers';

/**
 * The exporter between the tiers is not among the components that can be built here. Another stands in for it, with all that they share: it
 * sends everything to one sampler, where the name of the samplers leads or at `endpoint`.
 */
export const withoutBalancer = (config: unknown, endpoint?: string): unknown =>
  JSON.parse(JSON.stringify(config).replaceAll(`"${BALANCER}"`, `"${STAND_IN}"`), (name, value) => {
    if (name !== STAND_IN) return value;
    const { routing_key: _, protocol, resolver, ...shared } = value as Balancer;
    return { ...protocol.otlp, ...shared, endpoint: endpoint ?? `${resolver.dns.hostname}:${resolver.dns.port}` };
  });
