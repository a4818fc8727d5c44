import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { buildConnector } from 'undici';
import type { UpstreamTarget } from './target.ts';

/** Where to dial instead: `host:port` in lower case → address. The name that is sent and checked stays the target's. */
export type ConnectTo = ReadonlyMap<string, DialAddress>;

export interface DialAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `HOST:PORT=HOST:PORT`, the value of `--connect-to`; an IPv6 address stands in brackets.
 * @throws RangeError if the text is anything else.
 */
export const parseConnectTo = (text: string): readonly [from: string, to: DialAddress] => {
  const [from, to, ...rest] = text.split('=').map(parseAddress);
  if (from === undefined || to === undefined || rest.length > 0) {
    throw new RangeError(`expected HOST:PORT=HOST:PORT, not ${JSON.stringify(text)}`);
  }
  return [dialKey(from), to];
};

const parseAddress = (text: string): DialAddress | undefined => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host: host.toLowerCase(), port };
};

const dialKey = ({ host, port }: DialAddress): string => `${host.toLowerCase()}:${port}`;

/**
 * Connects to one target. No `ca` is given: Node's bundled roots and NODE_EXTRA_CA_CERTS are what is trusted. The certificate is checked
 * against `tls.sni`, wherever the connection goes; the Host header has no say in it.
 */
export const connectorFor = (
  target: UpstreamTarget,
  connectTo: ConnectTo,
  timeout: number,
): buildConnector.connector => {
  const { host, port } = connectTo.get(dialKey(target)) ?? target;
  const base = { timeout, allowH2: false };
  if (target.tls === undefined) {
    const connect = buildConnector(base);
    return (_options, callback) => connect({ hostname: host, host, protocol: 'http:', port: String(port) }, callback);
  }
  const { sni } = target.tls;
  const connect = buildConnector({
    ...base,
    rejectUnauthorized: true,
    checkServerIdentity: (_hostname, certificate) => checkServerIdentity(sni, certificate),
  });
  // RFC 6066 §3: an IP address is not sent as a server name; the connector takes the name as its key for session resumption.
  const servername = isIP(sni) === 0 ? sni : '';
  return (_options, callback) =>
    connect({ hostname: host, host: sni, protocol: 'https:', port: String(port), servername }, callback);
};
