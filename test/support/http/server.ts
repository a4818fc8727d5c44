import { createConnection, createServer, type Socket } from 'node:net';
import type { Snapshot } from '../../../gateway/compile/snapshot.ts';
import type { Handlers } from '../../../gateway/http/dispatcher.ts';
import { GatewayServer, type GatewayServerOptions } from '../../../gateway/http/server.ts';
import type { RequestRecord } from '../../../gateway/telemetry/record.ts';
import { NOTHING_NEEDED } from '../telemetry/record.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface TestServer {
  readonly server: GatewayServer;
  /** What serves MCP backends; may be changed. */
  handle: Handlers['mcp'];
  /** What serves plain HTTP backends; may be changed. */
  handleHttp: Handlers['http'];
  /** Every finished record, oldest first; one that is finished twice is in it twice. */
  readonly records: RequestRecord[];
  readonly logs: LogLine[];
  /** The first port, as it was bound. */
  readonly port: number;
  url(path: string): string;
  close(): Promise<void>;
}

export const clock: GatewayServerOptions['clock'] = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (run, milliseconds) => setTimeout(run, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

/** A gateway's listeners on 127.0.0.1, with a handler of the test's in place of MCP. */
export const startServer = async (
  snapshot: Snapshot,
  options: Partial<GatewayServerOptions> = {},
): Promise<TestServer> => {
  const records: RequestRecord[] = [];
  const logs: LogLine[] = [];
  const server = new GatewayServer({
    handlers: {
      mcp: (exchange, backend) => test.handle(exchange, backend),
      http: (exchange, backend) => test.handleHttp(exchange, backend),
    },
    telemetry: { begin: () => undefined, needs: () => NOTHING_NEEDED, finish: (record) => void records.push(record) },
    now: clock.now,
    random: () => 0,
    environment: {},
    log: (level, message, fields = {}) => void logs.push({ level, message, fields }),
    clock,
    address: '127.0.0.1',
    drainTimeout: 1_000,
    ...options,
  });
  const test: TestServer = {
    server,
    handle: async ({ response }) => void response.end('served'),
    handleHttp: async ({ response }) => void response.end('served'),
    records,
    logs,
    get port() {
      return server.ports[0]?.bound?.port ?? 0;
    },
    url: (path) => `http://127.0.0.1:${test.port}${path}`,
    close: () => server.close(0),
  };
  await server.apply(snapshot);
  return test;
};

/** A port that was free a moment ago. */
/** Somebody else's port. */
export const takePort = (): Promise<{ readonly port: number; close(): Promise<void> }> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      resolve({ port, close: () => new Promise((closed) => server.close(() => closed())) });
    });
  });

/** A connection that sends what it is told to, byte for byte. */
export interface RawClient {
  readonly socket: Socket;
  /** All that came so far. */
  readonly received: () => string;
  send(text: string): void;
  /** All that came, once the other side has closed. */
  readonly closed: Promise<string>;
  /** Whether the connection was reset, or broke otherwise. */
  readonly broken: () => boolean;
}

export const connect = (port: number, text = ''): RawClient =>
  rawClient(createConnection({ port, host: '127.0.0.1' }), text);

/** The same on a socket of the test's. */
export const rawClient = (socket: Socket, text = ''): RawClient => {
  let received = '';
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(received));
  });
  socket.setEncoding('utf8').on('data', (chunk) => {
    received += String(chunk);
  });
  let broken = false;
  socket.on('error', () => {
    broken = true;
  });
  if (text !== '') socket.write(text);
  return { socket, received: () => received, send: (more) => void socket.write(more), closed, broken: () => broken };
};

/** Waits until something holds; the test's own time limit ends it otherwise. */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
