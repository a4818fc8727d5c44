import { setTimeout as sleep } from 'node:timers/promises';
import { driver } from '../e2e/driver.ts';

/** Kept for documentation (RFC 5737): nobody is there, and nothing can be. */
export const UNUSABLE_ADDRESS = '192.0.2.1';

const NAME = 'address-on-demand';
const TIMEOUT = 30_000;

/**
 * An address that a load balancer of this cluster gets when it asks for it, far from those that others are given in turn; undefined: here
 * none can be asked for.
 */
export const usableAddress = async (): Promise<string | undefined> => {
  const given = await balancerAddress();
  const wanted = given === undefined ? undefined : farFrom(given);
  if (wanted === undefined) return undefined;
  return (await balancerAddress(wanted)) === wanted ? wanted : undefined;
};

/** In the other half of the network's last 256. */
export const farFrom = (address: string): string | undefined => {
  const [, network, last] = /^((?:\d+\.){3})(\d+)$/.exec(address) ?? [];
  return network === undefined ? undefined : `${network}${Number(last) ^ 128}`;
};

const balancerAddress = async (loadBalancerIP?: string): Promise<string | undefined> => {
  const { kubectl } = driver;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace: 'default' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], selector: { nobody: 'here' }, loadBalancerIP },
  };
  await kubectl.must(['apply', '--server-side', '-f', '-'], JSON.stringify(service));
  try {
    for (const deadline = Date.now() + TIMEOUT; Date.now() < deadline; await sleep(500)) {
      const path = '{.status.loadBalancer.ingress[0].ip}';
      const ip = await kubectl.must(['get', 'service', NAME, '-n', 'default', '-o', `jsonpath=${path}`]);
      if (ip !== '') return ip;
    }
    return undefined;
  } finally {
    await kubectl.must(['delete', 'service', NAME, '-n', 'default']);
  }
};
