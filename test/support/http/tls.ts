import { createServer } from 'node:net';
import { type ConnectionOptions, connect as connectSocket, type TLSSocket } from 'node:tls';
import type { Certificate } from '../../../gateway/upstream/target.ts';
import type { KeyPair } from '../acceptance/authority.ts';
import { type RawClient, rawClient } from './server.ts';
import { aHostname, aListener, aMatch, aRule } from './snapshot.ts';

export const aCertificate = ({ cert, key }: KeyPair): Certificate => ({ certificate: cert, key });

/** An HTTPS listener of this hostname, with a route that is called like it. */
export const aTlsListener = (hostname: string | undefined, ...pairs: readonly KeyPair[]) =>
  aListener({
    hostname: aHostname(hostname),
    certificates: pairs.map(aCertificate),
    matches: [aMatch({ rule: aRule(hostname ?? 'any') })],
  });

/** Sends text over TLS, byte for byte; trusts whoever it meets. An empty name: none is sent. */
export const connectTls = (
  port: number,
  servername: string,
  text = '',
  options: ConnectionOptions = {},
): RawClient & { readonly socket: TLSSocket } => {
  const socket = connectSocket({ port, host: '127.0.0.1', servername, rejectUnauthorized: false, ...options });
  return { ...rawClient(socket, text), socket };
};

/** How a handshake ends: the name in the certificate, or the alert (`SSL alert number 112` is 112), or what else it was. */
export const shakeHands = (port: number, servername: string, options: ConnectionOptions = {}): Promise<string> =>
  new Promise((resolve) => {
    const { socket } = connectTls(port, servername, '', options);
    socket.on('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject?.CN));
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      resolve(/SSL alert number (\d+)/.exec(error.message)?.[1] ?? error.code ?? error.message);
    });
    socket.on('close', () => resolve('closed'));
  });

/** The ClientHello that Node's own client begins with. */
export const helloOf = (servername: string): Promise<Buffer> =>
  new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.once('data', (bytes) => {
        resolve(bytes);
        socket.destroy();
        server.close();
      });
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      connectTls(port, servername);
    });
  });
