import type { GatewayListener } from '../../../lib/api/gateway-api.ts';

interface Claim {
  /** `namespace/name`. */
  readonly gateway: string;
  /** Counts up: the first that stands in the way is named. */
  readonly place: number;
}

/** Those of one port that differ in nothing but the hostname. */
interface Shared {
  readonly addresses: readonly string[];
  readonly protocol: string;
  readonly claims: Claim[];
  readonly byHostname: Map<string | undefined, Claim[]>;
}

/** What listeners of older Gateways occupy. One process serves them all: it cannot tell Gateways apart that share address, port and hostname. */
export class Claims {
  readonly #byPort = new Map<number, Map<string, Shared>>();
  #count = 0;

  /** Why a listener cannot have its port. */
  problem(
    gateway: string,
    addresses: readonly string[],
    { port, protocol, hostname }: GatewayListener,
  ): string | undefined {
    let first: { readonly place: number; readonly message: string } | undefined;
    for (const group of this.#byPort.get(port)?.values() ?? []) {
      const anyAddress = group.addresses.length === 0 || addresses.length === 0;
      if (!anyAddress && !group.addresses.some((address) => addresses.includes(address))) continue;
      const otherAddresses = group.addresses.length !== addresses.length && anyAddress;
      const excludes = otherAddresses || group.protocol !== protocol;
      const claims = excludes ? group.claims : group.byHostname.get(hostname?.toLowerCase());
      const found = claims?.find((claim) => claim.gateway !== gateway);
      if (found === undefined || (first !== undefined && first.place < found.place)) continue;
      const served = `is served for Gateway ${found.gateway}`;
      const message = otherAddresses
        ? `port ${port} ${served} on ${group.addresses.length === 0 ? 'all addresses' : group.addresses.join(', ')}`
        : excludes
          ? `port ${port} ${served} with protocol ${group.protocol}`
          : `port ${port}${hostname === undefined ? '' : ` and hostname ${hostname}`} ${served}`;
      first = { place: found.place, message };
    }
    return first?.message;
  }

  add(gateway: string, addresses: readonly string[], { port, protocol, hostname }: GatewayListener): void {
    const groups = this.#byPort.get(port) ?? new Map<string, Shared>();
    const key = `${protocol} ${addresses.join(' ')}`;
    const group: Shared = groups.get(key) ?? { addresses, protocol, claims: [], byHostname: new Map() };
    const claim = { gateway, place: this.#count++ };
    const name = hostname?.toLowerCase();
    group.claims.push(claim);
    group.byHostname.set(name, [...(group.byHostname.get(name) ?? []), claim]);
    groups.set(key, group);
    this.#byPort.set(port, groups);
  }
}
