import { connect as connectTcp, isIP, type NetConnectOpts, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { type buildConnector, errors } from 'undici';
import { identityCheck } from '../identity.ts';
import { TCP_KEEP_ALIVE_DELAY } from './limits.ts';
import type { UpstreamTarget, UpstreamTls } from './target.ts';

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
 * Connects to one target: DNS, TCP and TLS within `timeout` milliseconds. Without `tls.ca`, Node's bundled roots and NODE_EXTRA_CA_CERTS are
 * what is trusted. What the certificate is checked against is the configuration's, wherever the connection goes; the Host header has no say
 * in it.
 */
export const connectorFor = (
  target: UpstreamTarget,
  connectTo: ConnectTo,
  timeout: number,
): buildConnector.connector => {
  const address = addressOf(target, connectTo);
  const open = target.tls === undefined ? () => connectTcp(address) : tlsOpener(target.tls, address);
  const keepAliveDelay = target.keepAlive?.time ?? TCP_KEEP_ALIVE_DELAY;
  return (_options, callback) => {
    let socket: Socket;
    try {
      socket = open();
    } catch (error) {
      // A key or certificate that cannot be used.
      callback(error as Error, null);
      return;
    }
    const timer = setTimeout(() => socket.destroy(new errors.ConnectTimeoutError(`after ${timeout} ms`)), timeout);
    const onError = (error: Error): void => {
      settle();
      callback(error, null);
    };
    const onClose = (): void => onError(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }));
    const settle = (): void => {
      clearTimeout(timer);
      socket.off('error', onError).off('close', onClose);
      // Whoever gets the socket listens too; until then nothing must be thrown.
      socket.on('error', () => {});
    };
    socket
      .setNoDelay(true)
      .setKeepAlive(true, keepAliveDelay)
      .on('error', onError)
      .on('close', onClose)
      .once(target.tls === undefined ? 'connect' : 'secureConnect', () => {
        settle();
        callback(null, socket);
      });
  };
};

const addressOf = (target: UpstreamTarget, connectTo: ConnectTo): NetConnectOpts =>
  target.socketPath === undefined
    ? { ...(connectTo.get(dialKey(target)) ?? { host: target.host, port: target.port }) }
    : { path: target.socketPath };

/** All connections of a target share what was read of its keys, and resume one another's TLS session (RFC 8446 §2.2). */
const tlsOpener = (tls: UpstreamTls, address: NetConnectOpts): (() => Socket) => {
  const { sni, ca, certificate, verify = 'all', subjectAltNames } = tls;
  // HTTP/2 is not spoken to upstreams: one that chose it would not be understood.
  const protocols = (tls.alpnProtocols ?? []).filter((protocol) => protocol !== 'h2');
  let context: SecureContext | undefined;
  let session: Buffer | undefined;
  const options: ConnectionOptions = {
    ...address,
    // RFC 6066 §3: an IP address is not sent as a server name.
    servername: isIP(sni) === 0 ? sni : '',
    rejectUnauthorized: verify !== 'none',
    checkServerIdentity: verify === 'all' ? identityCheck(subjectAltNames ?? [sni]) : () => undefined,
    ALPNProtocols: protocols.length > 0 ? protocols : ['http/1.1'],
  };
  return () => {
    context ??= createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
    });
    const socket = connectTls({ ...options, secureContext: context, ...(session === undefined ? {} : { session }) });
    // A resumed session is not verified again: only one of a verified connection may be kept.
    let verified = false;
    let received: Buffer | undefined;
    socket.on('session', (ticket: Buffer) => {
      received = ticket;
      if (verified) session = ticket;
    });
    socket.once('secureConnect', () => {
      verified = true;
      session = received ?? session;
    });
    return socket;
  };
};
