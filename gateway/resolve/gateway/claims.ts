import type { GatewayListener } from '../../../lib/api/gateway-api.ts';

interface Claim {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly addresses: readonly string[];
  readonly protocol: string;
  readonly hostname: string | undefined;
}

/** What listeners of older Gateways occupy. One process serves them all: it cannot tell Gateways apart that share address, port and hostname. */
export class Claims {
  readonly #byPort = new Map<number, Claim[]>();

  /** Why a listener cannot have its port. */
  problem(
    gateway: string,
    addresses: readonly string[],
    { port, protocol, hostname }: GatewayListener,
  ): string | undefined {
    for (const claim of this.#byPort.get(port) ?? []) {
      if (claim.gateway === gateway) continue;
      const anyAddress = claim.addresses.length === 0 || addresses.length === 0;
      if (!anyAddress && !claim.addresses.some((address) => addresses.includes(address))) continue;
      if (claim.addresses.length !== addresses.length && anyAddress) {
        return `port ${port} is served for Gateway ${claim.gateway} on ${claim.addresses.length === 0 ? 'all addresses' : claim.addresses.join(', ')}`;
      }
      if (claim.protocol !== protocol)
        return `port ${port} is served for Gateway ${claim.gateway} with protocol ${claim.protocol}`;
      if (claim.hostname === hostname?.toLowerCase()) {
        return `port ${port}${hostname === undefined ? '' : ` and hostname ${hostname}`} is served for Gateway ${claim.gateway}`;
      }
    }
    return undefined;
  }

  add(gateway: string, addresses: readonly string[], { port, protocol, hostname }: GatewayListener): void {
    const claims = this.#byPort.get(port) ?? [];
    claims.push({ gateway, addresses, protocol, hostname: hostname?.toLowerCase() });
    this.#byPort.set(port, claims);
  }
}
