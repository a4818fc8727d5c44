import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { McpBackend } from '../../../gateway/compile/snapshot.ts';
import { GatewayError } from '../../../gateway/errors.ts';
import { type Exchange, type Forward, newForward } from '../../../gateway/exchange.ts';
import { McpHandler } from '../../../gateway/mcp/handler.ts';
import { errorBody } from '../../../gateway/mcp/jsonrpc.ts';
import { SessionTokens } from '../../../gateway/mcp/session-token.ts';
import { KeptBytes } from '../../../gateway/telemetry/kept.ts';
import { KnownNames } from '../../../gateway/telemetry/names.ts';
import { needsOf } from '../../../gateway/telemetry/needs.ts';
import type { TelemetryPolicy } from '../../../gateway/telemetry/policy.ts';
import type { RequestRecord } from '../../../gateway/telemetry/record.ts';
import type { TraceContext } from '../../../gateway/telemetry/trace/trace-context.ts';
import type { UpstreamTarget } from '../../../gateway/upstream/target.ts';
import { Upstream, type UpstreamOptions } from '../../../gateway/upstream/upstream.ts';

export const SESSION_KEY = Buffer.alloc(32, 7);

export interface TestGateway {
  readonly url: string;
  /** Of every exchange that has ended, oldest first. */
  readonly records: RequestRecord[];
  readonly names: KnownNames;
  /** The record of the next exchange to end. */
  nextRecord(): Promise<RequestRecord>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly target?: Partial<UpstreamTarget>;
  /** How many of them the backend has; default 1. */
  readonly targets?: number;
  readonly upstream?: UpstreamOptions;
  readonly trace?: TraceContext;
  readonly telemetry?: TelemetryPolicy;
  readonly maxBodyBytes?: number;
  readonly audit?: boolean;
  /** What the route's policies leave of a request. */
  readonly forward?: Partial<Forward>;
}

const now = (): number => performance.timeOrigin + performance.now();

/** An MCP handler behind a bare HTTP server: what it throws is rendered, its records are kept. */
export const startGateway = async (upstreamUrl: string, options: TestGatewayOptions = {}): Promise<TestGateway> => {
  const upstream = new Upstream({ connectTimeout: 2_000, headersTimeout: 2_000, ...options.upstream });
  const names = new KnownNames();
  const handler = new McpHandler({
    upstream,
    sessions: new SessionTokens({ key: SESSION_KEY, randomBytes, randomUuid: randomUUID }),
    names,
    newSpanId: () => 'b7ad6b7169203331',
    onMessage: () => {},
    needs: (policy) => needsOf(policy ?? { metricLabels: [] }, options.audit ?? false),
    stream: () => () => {},
    now,
    ...(options.maxBodyBytes === undefined ? {} : { maxBodyBytes: options.maxBodyBytes }),
  });
  const backend = backendFor(upstreamUrl, options);
  const records: RequestRecord[] = [];
  const waiting: ((record: RequestRecord) => void)[] = [];
  const server = await listen((request, response) => {
    const forward = { ...newForward(request, '/mcp'), ...options.forward };
    const exchange: Exchange = { request, response, record: newRecord(options), forward };
    handler
      .handle(exchange, backend)
      .catch((error: unknown) => render(exchange, error))
      .finally(() => {
        records.push(exchange.record);
        waiting.shift()?.(exchange.record);
      });
  });
  return {
    url: server.url,
    records,
    names,
    nextRecord: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => {
      await upstream.close();
      await server.close();
    },
  };
};

const render = ({ response, record }: Exchange, error: unknown): void => {
  if (!(error instanceof GatewayError)) {
    throw error;
  }
  record.error = { type: error.code, message: error.message };
  response.writeHead(error.info.status, { 'content-type': 'application/json' });
  response.end(errorBody(record.mcp?.requestId, error));
};

const backendFor = (url: string, { target = {}, targets = 1 }: TestGatewayOptions): McpBackend => {
  const { hostname, port, host, pathname } = new URL(url);
  const upstreamTarget: UpstreamTarget = {
    name: 'everything',
    host: hostname,
    port: Number(port),
    path: pathname,
    protocol: 'StreamableHTTP',
    tls: undefined,
    credentials: [],
    authority: host,
    ...target,
  };
  return { type: 'mcp', name: 'default/everything', targets: Array(targets).fill(upstreamTarget) };
};

const newRecord = ({ trace, telemetry }: TestGatewayOptions): RequestRecord => ({
  startTime: now(),
  endTime: 0,
  request: {
    method: '',
    host: '',
    scheme: 'http',
    target: '',
    httpVersion: '1.1',
    headers: {},
    remoteAddress: '',
    remotePort: 0,
    localPort: 0,
    bytes: 0,
    kept: telemetry !== undefined && needsOf(telemetry, false).requestBody ? new KeptBytes() : undefined,
  },
  response: { status: 0, headers: {}, bytes: 0 },
  telemetry,
  labels: { bind: '', gateway: '', listener: '', route: undefined, routeRule: undefined },
  pathMatch: undefined,
  trace,
  backend: undefined,
  mcp: undefined,
  upstreamCalls: [],
  reason: 'Upstream',
  error: undefined,
  outcome: undefined,
});

export interface TestServer {
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** An HTTP server on a free port of 127.0.0.1; closing it ends its connections. */
export const listen = async (listener: RequestListener): Promise<TestServer> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
