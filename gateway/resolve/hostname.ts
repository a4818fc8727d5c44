/** Hostnames of listeners and routes: lower case, no port; `*.example.com` stands for one or more labels, never for the bare suffix. */

/** Whether a wildcard covers a name, or another wildcard: the dot in front of its suffix keeps the bare suffix out. */
const covers = (wildcard: string, hostname: string): boolean => hostname.endsWith(wildcard.slice(1));

/** What two hostnames have in common: undefined stands for any, null for nothing. */
export const intersectHostname = (
  listener: string | undefined,
  route: string | undefined,
): string | undefined | null => {
  if (listener === undefined) return route;
  if (route === undefined || listener === route) return listener;
  if (listener.startsWith('*.') && covers(listener, route)) return route;
  if (route.startsWith('*.') && covers(route, listener)) return listener;
  return null;
};

/** The hostnames of a route on a listener, without repetition; empty: the route does not attach. */
export const intersectHostnames = (
  listener: string | undefined,
  route: readonly string[] | undefined,
): readonly (string | undefined)[] => {
  const hostnames = route === undefined || route.length === 0 ? [undefined] : route.map((name) => name.toLowerCase());
  const common = hostnames.map((hostname) => intersectHostname(listener, hostname));
  return [...new Set(common.filter((hostname) => hostname !== null))];
};
