import { type AddressInfo, createServer } from 'node:net';

/** A port of `host`, by default of loopback, that nobody listens on now: `preferred`, unless it is taken. */
export const freePort = (preferred = 0, host = '127.0.0.1'): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (preferred !== 0 && error.code === 'EADDRINUSE') freePort(0, host).then(resolve, reject);
      else reject(error);
    });
    server.listen(preferred, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
