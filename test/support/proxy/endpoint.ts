import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';

export interface Endpoint {
  readonly port: number;
  /** All connections that were ever opened, and those that are. */
  readonly opened: () => number;
  readonly open: () => number;
  close(): Promise<void>;
}

const listening = async (server: Server): Promise<Endpoint> => {
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on('connection', (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    opened: () => opened,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

/** An HTTP server on a free port of 127.0.0.1. */
export const startEndpoint = (serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<Endpoint> =>
  listening(createServer(serve));

/** A server that says what it is told to, byte for byte; `speak` is called once a request's header has come. */
export const startRawEndpoint = (speak: (socket: Socket, received: string) => void): Promise<Endpoint> =>
  listening(
    createTcpServer({ allowHalfOpen: true }, (socket) => {
      let received = '';
      let spoken = false;
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        if (!spoken && received.includes('\r\n\r\n')) {
          spoken = true;
          speak(socket, received);
        }
      });
      socket.on('end', () => socket.end());
    }),
  );
