import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, BlockList, isIP } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { hostOf } from '../route/host.ts';

/** Where one of the gateway's own interfaces listens. */
export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface Page {
  readonly status?: number;
  readonly type: string;
  /** In pieces, if it is long. */
  readonly body: string | AsyncIterable<string>;
}

export interface PagesOptions {
  /** What it is called in errors. */
  readonly name: string;
  readonly address: ListenAddress;
  /** By path; made anew for each request. */
  readonly pages: ReadonlyMap<string, (accept: string | undefined) => Page | Promise<Page>>;
  /** Told of a page that could not be made. */
  readonly onError: (error: unknown) => void;
}

export interface PagesServer {
  readonly address: ListenAddress;
  close(): Promise<void>;
}

/** Few and small clients: a browser, a scraper, a probe. */
const MAX_CONNECTIONS = 100;
const TIMEOUT = 10_000;
const MAX_HEADER_BYTES = 16 * 1_024;
export const TEXT = 'text/plain; charset=utf-8';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Serves pages by GET and HEAD. On a loopback address the Host field must name loopback too: a web site that points its own name at
 * 127.0.0.1 must not read them through the user's browser (DNS rebinding).
 * Rejects when the address cannot be bound; the message says which and why.
 */
export const startPages = async (options: PagesOptions): Promise<PagesServer> => {
  const { name, address, onError } = options;
  const server = createServer({
    insecureHTTPParser: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: TIMEOUT,
    requestTimeout: TIMEOUT,
    connectionsCheckingInterval: TIMEOUT / 2,
    keepAliveTimeout: TIMEOUT,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = TIMEOUT;
  const local = isLoopback(address.host);
  server.on('request', (request, response) => {
    answer(request, options.pages, local).then(
      (page) => send(request, response, page),
      (error: unknown) => {
        onError(error);
        send(request, response, text(500, 'internal error'));
      },
    );
  });
  try {
    await listen(server, address);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'it is in use' : (code ?? String(error));
    throw new Error(`${name}: ${authority(address)} cannot be bound: ${reason}`, { cause: error });
  }
  server.on('error', onError);
  return {
    address: { host: address.host, port: (server.address() as AddressInfo).port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** `host:port`, IPv6 in brackets. */
export const authority = ({ host, port }: ListenAddress): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

const answer = async (request: IncomingMessage, pages: PagesOptions['pages'], local: boolean): Promise<Page> => {
  if (local && !isLoopback(hostOf(request.headers.host ?? ''))) {
    return text(403, 'Host must be localhost or a loopback address');
  }
  const page = pages.get((request.url ?? '').split('?', 1)[0] ?? '');
  if (page === undefined) return text(404, 'not found');
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'only GET and HEAD are allowed');
  return page(request.headers.accept);
};

const send = (request: IncomingMessage, response: ServerResponse, { status = 200, type, body }: Page): void => {
  if (status === 405) response.setHeader('allow', 'GET, HEAD');
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(status, {
    'content-type': type,
    ...(typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {}),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') response.end();
  else if (typeof body === 'string') response.end(body);
  else pipeline(body, response).catch(() => response.destroy());
};

const text = (status: number, line: string): Page => ({ status, type: TEXT, body: `${line}\n` });

const isLoopback = (host: string | undefined): boolean => {
  const bare = host?.replace(/^\[(.*)\]$/, '$1') ?? '';
  const family = isIP(bare);
  return family === 0 ? bare === 'localhost' : LOOPBACK.check(bare, family === 4 ? 'ipv4' : 'ipv6');
};

const listen = (server: Server, { host, port }: ListenAddress): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
