import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { type DecodedSpan, decodeRequest, encodeResponse } from './otlp-decode.ts';

/**
 * What the receiver does with a request. `throttle` asks to come again, `rejectedSpans` takes it without its last spans and says so, `delay`
 * takes it after so many milliseconds, unless the client has given up by then.
 */
export type ReceiverBehaviour =
  | 'ok'
  | 'unavailable'
  | 'throttle'
  | 'hang'
  | 'reject'
  | { readonly rejectedSpans: number }
  | { readonly delay: number };

export interface ReceiverOptions {
  readonly protocol: 'grpc' | 'http';
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** PEM; plain text when absent. */
  readonly tls?: {
    readonly key: string;
    readonly cert: string;
    /** Who vouches for clients; absent: they need no certificate. */
    readonly clientCa?: string;
  };
}

export interface OtlpReceiver {
  readonly port: number;
  behaviour: ReceiverBehaviour;
  /** Spans taken so far, oldest first; the last 10 000 of them. */
  spans(): readonly DecodedSpan[];
  /** Header fields, or metadata, of the last request. */
  headers(): Readonly<Record<string, unknown>>;
  /** Requests received so far, whatever became of them. */
  requests(): number;
  /** The spans, as soon as `predicate` holds for them; rejects after `timeout` milliseconds. */
  waitFor(predicate: (spans: readonly DecodedSpan[]) => boolean, timeout: number): Promise<readonly DecodedSpan[]>;
  /** Ends all connections, hanging requests included. */
  close(): Promise<void>;
}

/** Most spans that are kept. */
const MAX_SPANS = 10_000;
/** Longest request: what gRPC servers take by default. */
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** OTLP/HTTP's default path for traces. */
const TRACES_PATH = '/v1/traces';

/** A small OTLP collector in this process: it keeps what it gets, and can be told to misbehave. Rejects when the port is taken. */
export async function startOtlpReceiver(options: ReceiverOptions): Promise<OtlpReceiver> {
  const inbox = new Inbox();
  const listening = await (options.protocol === 'grpc' ? listenGrpc : listenHttp)(options, inbox);
  return {
    port: listening.port,
    get behaviour() {
      return inbox.behaviour;
    },
    set behaviour(behaviour) {
      inbox.behaviour = behaviour;
    },
    spans: () => inbox.spans,
    headers: () => inbox.headers,
    requests: () => inbox.requests,
    waitFor: (predicate, timeout) => inbox.waitFor(predicate, timeout),
    close: listening.close,
  };
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** What to answer; undefined: nothing, ever. */
type Verdict = { readonly ok: Uint8Array } | { readonly refused: 'unavailable' | 'throttle' | 'invalid' } | undefined;

class Inbox {
  behaviour: ReceiverBehaviour = 'ok';
  requests = 0;
  headers: Readonly<Record<string, unknown>> = {};
  spans: readonly DecodedSpan[] = [];
  readonly #watchers = new Set<() => void>();

  /** @param gone whether the client no longer waits: what nobody is told of is not kept. */
  async take(bytes: Uint8Array, gone: () => boolean): Promise<Verdict> {
    this.requests++;
    const { behaviour } = this;
    if (behaviour === 'hang') return undefined;
    if (behaviour === 'unavailable' || behaviour === 'throttle') return { refused: behaviour };
    if (behaviour === 'reject') return { refused: 'invalid' };
    const { delay, rejectedSpans: rejected } = { delay: 0, rejectedSpans: 0, ...(behaviour === 'ok' ? {} : behaviour) };
    if (delay > 0) await sleep(delay);
    if (gone()) return undefined;
    let spans: DecodedSpan[];
    try {
      spans = decodeRequest(bytes);
    } catch {
      return { refused: 'invalid' };
    }
    this.spans = [...this.spans, ...spans.slice(0, Math.max(0, spans.length - rejected))].slice(-MAX_SPANS);
    for (const watcher of this.#watchers) watcher();
    return { ok: encodeResponse(rejected, rejected > 0 ? 'told to refuse spans' : '') };
  }

  waitFor(predicate: (spans: readonly DecodedSpan[]) => boolean, timeout: number): Promise<readonly DecodedSpan[]> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
      };
      const check = (): void => {
        try {
          if (!predicate(this.spans)) return;
          resolve(this.spans);
        } catch (error) {
          reject(error);
        }
        finish();
      };
      const timer = setTimeout(() => {
        finish();
        const names = this.spans.map((span) => span.name).join(', ');
        reject(new Error(`not the expected spans within ${timeout} ms; ${this.spans.length} received: ${names}`));
      }, timeout);
      this.#watchers.add(check);
      check();
    });
  }
}

/** `google.rpc.Status` with a `RetryInfo` of no delay: OTLP's word for "throttled" needs one. */
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';
const throttled = new Metadata();
throttled.set(
  'grpc-status-details-bin',
  Buffer.from([0x1a, RETRY_INFO.length + 2, 0x0a, RETRY_INFO.length, ...Buffer.from(RETRY_INFO)]),
);
const GRPC_REFUSALS = {
  unavailable: { code: status.UNAVAILABLE, details: 'told to be unavailable' },
  throttle: { code: status.RESOURCE_EXHAUSTED, details: 'told to throttle', metadata: throttled },
  invalid: { code: status.INVALID_ARGUMENT, details: 'not taken' },
} as const;
const HTTP_REFUSALS = {
  unavailable: { status: 503, headers: {} },
  throttle: { status: 429, headers: { 'retry-after': '0' } },
  invalid: { status: 400, headers: {} },
} as const;

async function listenGrpc(options: ReceiverOptions, inbox: Inbox): Promise<Listening> {
  const server = new Server({ 'grpc.max_receive_message_length': MAX_REQUEST_BYTES });
  const raw = (bytes: Buffer): Buffer => bytes;
  server.addService(
    {
      Export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: raw,
        requestDeserialize: raw,
        responseSerialize: raw,
        responseDeserialize: raw,
      },
    },
    {
      async Export(call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        inbox.headers = call.metadata.getMap();
        const verdict = await inbox.take(call.request, () => call.cancelled);
        if (verdict === undefined) return;
        if ('ok' in verdict) answer(null, Buffer.from(verdict.ok));
        else answer(GRPC_REFUSALS[verdict.refused]);
      },
    },
  );
  const { key, cert, clientCa } = options.tls ?? {};
  const roots = clientCa === undefined ? null : Buffer.from(clientCa);
  const serverCredentials =
    key === undefined || cert === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(
          roots,
          [{ private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }],
          clientCa !== undefined,
        );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${options.host ?? '127.0.0.1'}:${options.port ?? 0}`, serverCredentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    async close() {
      server.forceShutdown();
    },
  };
}

const secured = ({ key, cert, clientCa }: NonNullable<ReceiverOptions['tls']>): https.ServerOptions => ({
  ...{ key, cert },
  ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true }),
});

async function listenHttp(options: ReceiverOptions, inbox: Inbox): Promise<Listening> {
  const handle = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const isTraces = request.method === 'POST' && request.url === TRACES_PATH;
    if (!isTraces || request.headers['content-type'] !== 'application/x-protobuf' || body === undefined) {
      response.writeHead(isTraces ? (body === undefined ? 413 : 415) : 404).end();
      return;
    }
    inbox.headers = request.headers;
    const verdict = await inbox.take(body, () => response.closed);
    if (verdict === undefined) return;
    if ('ok' in verdict) response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(verdict.ok);
    else {
      const { status: code, headers } = HTTP_REFUSALS[verdict.refused];
      response.writeHead(code, headers).end();
    }
  };
  const listener = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    handle(request, response).catch(() => response.destroy());
  };
  const server =
    options.tls === undefined ? http.createServer(listener) : https.createServer(secured(options.tls), listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Undefined when the body exceeds the bound. */
async function readBody(request: http.IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_REQUEST_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
