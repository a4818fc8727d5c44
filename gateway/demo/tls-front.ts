import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { ServerCertificate } from './certificate.ts';
import type { Service } from './everything.ts';

/** Speaks TLS on a free port of loopback and passes the bytes on: the post's MCP server is behind TLS, the reference server is not. */
export const startTlsFront = async (certificate: ServerCertificate, upstreamPort: number): Promise<Service> => {
  const sockets = new Set<Socket>();
  const follow = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (client) => {
    const upstream = createConnection({ port: upstreamPort, host: '127.0.0.1' });
    follow(client);
    follow(upstream);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
