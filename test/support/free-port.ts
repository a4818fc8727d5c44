import { createServer } from 'node:net';

/** Below what systems give to outgoing connections (32768 on Linux): nobody's client takes the port before its server does. */
const LOWEST = 16_000;
const HIGHEST = 32_000;

/** A port of `host`, by default of loopback, that nobody listens on now: `preferred`, unless it is taken. */
export const freePort = (preferred = anyPort(), host = '127.0.0.1'): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') freePort(anyPort(), host).then(resolve, reject);
      else reject(error);
    });
    server.listen(preferred, host, () => server.close(() => resolve(preferred)));
  });

const anyPort = (): number => LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
