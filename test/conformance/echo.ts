import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DialAddress } from '../../gateway/upstream/connect.ts';
import type { EndpointSlice } from '../../lib/api/core.ts';
import { SERVICE_NAME_LABEL } from '../../lib/api/core.ts';

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
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000 };

/** One echo server for each endpoint address, which is dialled in its place. */
export class EchoServers {
  readonly #servers = new Map<string, Server>();
  /** `host:port` of an endpoint → where its server is. */
  readonly addresses = new Map<string, DialAddress>();

  /** Starts servers for endpoints that have none yet; each belongs to the Service that it was first seen with. */
  async follow(slices: readonly EndpointSlice[]): Promise<void> {
    for (const { metadata, endpoints = [], ports = [] } of slices) {
      const service = metadata.labels?.[SERVICE_NAME_LABEL] ?? '';
      for (const host of endpoints.flatMap(({ addresses }) => addresses)) {
        for (const { port } of ports) {
          const key = `${host}:${port}`;
          if (this.#servers.has(key)) continue;
          const server = createServer((request, response) => {
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
            };
            const answer = (): void => {
              response.setHeader('content-type', 'application/json');
              response.end(JSON.stringify(echo));
            };
            setTimeout(answer, Number(amount) * (UNITS[unit] ?? 0)).unref();
          });
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
