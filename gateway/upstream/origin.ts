import { createHash } from 'node:crypto';
import type { UpstreamTarget } from './target.ts';

const keys = new WeakMap<UpstreamTarget, string>();

/** What the library calls the origin: scheme, host and port. */
export const originUrl = ({ host, port, tls }: UpstreamTarget): string =>
  `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;

/**
 * The same text for targets that may share connections, also of different snapshots, and another one for all others. It may be printed:
 * of keys and certificates it holds a hash.
 */
export const originKey = (target: UpstreamTarget): string => {
  let key = keys.get(target);
  if (key === undefined) {
    key = `${originUrl(target)} ${connectionDigest(target)}`.trimEnd();
    keys.set(target, key);
  }
  return key;
};

const connectionDigest = ({ socketPath, tls, connectTimeout, keepAlive }: UpstreamTarget): string => {
  const { sni, ca, certificate, verify = 'all', subjectAltNames, alpnProtocols } = tls ?? {};
  const parts = [
    socketPath,
    connectTimeout,
    keepAlive?.time,
    ...(tls === undefined ? [] : [sni, ca, certificate?.certificate, certificate?.key, verify]),
    subjectAltNames,
    alpnProtocols,
  ];
  if (parts.every((part) => part === undefined)) return '';
  return createHash('sha256')
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest('hex');
};
