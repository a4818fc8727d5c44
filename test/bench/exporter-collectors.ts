import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { decodeRequest } from '../../gateway/demo/otlp-decode.ts';

/**
 * What a collector does: `takes` every batch, or only after `delay` milliseconds; answers with a `status`; `hangs`; or is `away`, without
 * as much as a socket.
 */
export type Mode =
  | 'takes'
  | 'hangs'
  | 'away'
  | { readonly delay: number }
  | { readonly status: number; readonly retryAfter?: number };

/** To the worker: what the collector of this name does from now on; or, when nothing is measured any more, that its spans be counted. */
export interface Order {
  readonly collector: string;
  readonly mode: Mode | 'count';
}
/** From the worker, for each order. */
export type Report = { readonly port: number } | Taken;
interface Taken {
  readonly spans: number;
  /** Different ones: a batch whose answer was lost comes again. */
  readonly distinct: number;
}

/** One of the collectors of this worker. */
class Collector {
  mode: Mode = 'away';
  /** As they came: decoding takes time that others need. */
  readonly #bodies: Buffer[] = [];
  #server: Server | undefined;
  #port = 0;

  async become(mode: Mode): Promise<number> {
    this.mode = mode;
    const server = this.#server;
    if (mode === 'away' && server !== undefined) {
      this.#server = undefined;
      const closed = new Promise((resolve) => server.close(resolve));
      // Whoever still waits for an answer gets none; what was answered is on its way.
      setTimeout(() => server.closeAllConnections(), 100);
      await closed;
    } else if (mode !== 'away' && server === undefined) this.#server = await this.#listen();
    return this.#port;
  }

  async #listen(): Promise<Server> {
    const server = createServer((request, response) => {
      buffer(request).then(
        (body) => this.#answer(body, response, server),
        () => response.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    return server;
  }

  async #answer(body: Buffer, response: ServerResponse, server: Server): Promise<void> {
    const { mode } = this;
    if (mode === 'hangs' || mode === 'away') return;
    if (typeof mode === 'object' && 'status' in mode) {
      const { status, retryAfter } = mode;
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }).end();
      return;
    }
    if (typeof mode === 'object') await sleep(mode.delay);
    // What nobody will be told of is not taken.
    if (response.closed || this.#server !== server) return;
    this.#bodies.push(body);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }

  /** By the OpenTelemetry project's definitions. */
  count(): Taken {
    const ids = this.#bodies.flatMap((body) => decodeRequest(body).map(({ spanId }) => spanId));
    return { spans: ids.length, distinct: new Set(ids).size };
  }
}

const collectors = new Map<string, Collector>();

const carryOut = async ({ collector: name, mode }: Order): Promise<Report> => {
  const collector = collectors.get(name) ?? new Collector();
  collectors.set(name, collector);
  return mode === 'count' ? collector.count() : { port: await collector.become(mode) };
};

parentPort?.on('message', (order: Order) => {
  void carryOut(order).then((report) => parentPort?.postMessage(report));
});
