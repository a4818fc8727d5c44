import type { Hostname, Listener } from './snapshot.ts';

/** Where each hostname's listener stands: found by name instead of trying all. Of several with the same hostname the first counts. */
export const indexListeners = (listeners: readonly Pick<Listener, 'hostname'>[]): ReadonlyMap<string, number> => {
  const places = new Map<string, number>();
  for (const [place, { hostname }] of listeners.entries()) {
    const key = keyOf(hostname);
    if (!places.has(key)) places.set(key, place);
  }
  return places;
};

const keyOf = (hostname: Hostname | undefined): string => {
  if (hostname === undefined) return '';
  return 'exact' in hostname ? hostname.exact : `*${hostname.suffix}`;
};
