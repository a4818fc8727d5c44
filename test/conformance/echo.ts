import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { DialAddress } from '../../gateway/upstream/connect.ts';
import type { EndpointSlice } from '../../lib/api/core.ts';
import { SERVICE_NAME_LABEL } from '../../lib/api/core.ts';
import type { KeyPair } from '../support/acceptance/authority.ts';

/** What an echo server says of a request. */
export interface Echo {
  /** As it came: path and query. */
  readonly path: string;
  readonly host: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly namespace: string;
  /** Service that the endpoint was made for. */
  readonly service: string;
  /** That the client sent; absent: it spoke in clear text. */
  readonly serverName?: string;
}

/** Endpoints of this port speak TLS, and nothing else. */
const TLS_PORT = 8443;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000 };

/** One echo server for each endpoint address, which is dialled in its place. */
export class EchoServers {
  readonly #servers = new Map<string, Server>();
  readonly #identity: KeyPair;
  /** `host:port` of an endpoint → where its server is. */
  readonly addresses = new Map<string, DialAddress>();

  /** @param identity what endpoints of port 8443 show of themselves */
  constructor(identity: KeyPair) {
    this.#identity = identity;
  }

  /** Starts servers for endpoints that have none yet; each belongs to the Service that it was first seen with. */
  async follow(slices: readonly EndpointSlice[]): Promise<void> {
    for (const { metadata, endpoints = [], ports = [] } of slices) {
      const service = metadata.labels?.[SERVICE_NAME_LABEL] ?? '';
      for (const host of endpoints.flatMap(({ addresses }) => addresses)) {
        for (const { port } of ports) {
          const key = `${host}:${port}`;
          if (this.#servers.has(key)) continue;
          const answer = (request: IncomingMessage, response: ServerResponse): void => {
            const url = new URL(request.url ?? '/', 'http://echo');
            const [, amount = '0', unit = 'ms'] = /^(\d+)(ms|s)$/.exec(url.searchParams.get('delay') ?? '') ?? [];
            for (const field of String(request.headers['x-echo-set-header'] ?? '').split(',')) {
              const colon = field.indexOf(':');
              if (colon > 0) response.appendHeader(field.slice(0, colon).trim(), field.slice(colon + 1).trim());
            }
            const echo: Echo = {
              path: request.url ?? '',
              host: request.headers.host ?? '',
              method: request.method ?? '',
              headers: request.headers as Record<string, string>,
              namespace: metadata.namespace ?? '',
              service,
              ...serverNameOf(request),
            };
            const end = (): void => {
              response.setHeader('content-type', 'application/json');
              response.end(JSON.stringify(echo));
            };
            setTimeout(end, Number(amount) * (UNITS[unit] ?? 0)).unref();
          };
          const server = port === TLS_PORT ? createTlsServer(this.#identity, answer) : createServer(answer);
          this.#servers.set(key, server);
          await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
          this.addresses.set(key, { host: '127.0.0.1', port: (server.address() as AddressInfo).port });
        }
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#servers.values()].map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  }
}

/** Node gives false for a connection without one. */
const serverNameOf = ({ socket }: IncomingMessage): Pick<Echo, 'serverName'> => {
  const { servername } = socket as TLSSocket;
  return typeof servername === 'string' ? { serverName: servername } : {};
};
