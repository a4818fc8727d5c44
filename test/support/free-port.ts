import { createServer } from 'node:net';

/** Below what systems give to outgoing connections (32768 on Linux): nobody's client takes the port before its server does. */
const LOWEST = 16_000;
/** For each of jest's workers, which thereby do not take one another's; within one, no port comes again soon. */
const PORTS = 1_000;
const WORKERS = 16;

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

let next = Math.floor(Math.random() * PORTS);

const anyPort = (): number => {
  const worker = Number(process.env.JEST_WORKER_ID ?? 0) % WORKERS;
  next = (next + 1) % PORTS;
  return LOWEST + worker * PORTS + next;
};
