import type { ResolvedBackend, ResolvedTarget } from '../resolve/resolved.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import type { Backend } from './snapshot.ts';

export const toBackend = (backend: ResolvedBackend): Backend => {
  switch (backend.type) {
    case 'invalid':
      return backend;
    case 'mcp':
      return { ...backend, targets: backend.targets.map(toUpstreamTarget) };
    case 'http':
      return { ...backend, endpoints: backend.endpoints.map(toUpstreamTarget) };
  }
};

const toUpstreamTarget = (target: ResolvedTarget): UpstreamTarget => ({ ...target, authority: authority(target) });

/** RFC 9110 §7.2: the port is left out when it is the scheme's own; an IPv6 address stands in brackets. */
const authority = ({ host, port, tls }: ResolvedTarget): string => {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (tls === undefined ? 80 : 443) ? name : `${name}:${port}`;
};
