import type { ResolvedBackend, ResolvedTarget } from '../resolve/resolved.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import type { Backend } from './snapshot.ts';

export const toBackend = (backend: ResolvedBackend): Backend =>
  backend.type === 'invalid' ? backend : { ...backend, targets: backend.targets.map(toUpstreamTarget) };

const toUpstreamTarget = (target: ResolvedTarget): UpstreamTarget => ({
  name: target.name,
  host: target.host,
  port: target.port,
  path: target.path,
  protocol: target.protocol,
  tls: target.tls,
  credentials: target.credentials,
  authority: authority(target),
});

/** RFC 9110 §7.2: the port is left out when it is the scheme's own; an IPv6 address stands in brackets. */
const authority = ({ host, port, tls }: ResolvedTarget): string => {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (tls === undefined ? 80 : 443) ? name : `${name}:${port}`;
};
