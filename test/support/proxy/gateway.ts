import type { HttpBackend } from '../../../gateway/compile/snapshot.ts';
import type { Forward } from '../../../gateway/exchange.ts';
import type { GatewayServerOptions } from '../../../gateway/http/server.ts';
import { ProxyHandler } from '../../../gateway/proxy/handler.ts';
import type { RequestRecord } from '../../../gateway/telemetry/record.ts';
import type { TraceContext } from '../../../gateway/telemetry/trace/trace-context.ts';
import type { UpstreamTarget } from '../../../gateway/upstream/target.ts';
import { Upstream, type UpstreamOptions } from '../../../gateway/upstream/upstream.ts';
import { clock, startServer, type TestServer, until } from '../http/server.ts';
import { aBind, aListener, aMatch, aRule, aSnapshot } from '../http/snapshot.ts';

export interface ProxyGateway {
  readonly server: TestServer;
  readonly upstream: Upstream;
  readonly port: number;
  /** The records so far; waits until there are `count`, and no client is connected if it says so. */
  records(count: number): Promise<readonly RequestRecord[]>;
  /** Waits until no client's connection is left. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export interface ProxyGatewayOptions {
  readonly upstream?: UpstreamOptions;
  readonly limits?: GatewayServerOptions['limits'];
  /** What the route's policies leave of a request. */
  readonly forward?: Partial<Forward>;
  readonly trace?: TraceContext;
}

/** A gateway whose one route leads to these endpoints. */
export const startProxy = async (
  endpoints: readonly UpstreamTarget[],
  { forward, trace, limits = {}, ...options }: ProxyGatewayOptions = {},
): Promise<ProxyGateway> => {
  const upstream = new Upstream({ connectTimeout: 2_000, headersTimeout: 5_000, ...options.upstream });
  const handler = new ProxyHandler({
    upstream,
    newSpanId: () => 'b7ad6b7169203331',
    now: clock.now,
    random: () => 0,
  });
  const backend: HttpBackend = { type: 'http', name: 'default/echo', kind: 'service', endpoints };
  const match = aMatch({ path: { type: 'PathPrefix', value: '' }, pattern: '/*', rule: aRule('default/r', [backend]) });
  const server = await startServer(aSnapshot(aBind(0, { listeners: [aListener({ matches: [match] })] })), { limits });
  server.handleHttp = (exchange, http) => {
    Object.assign(exchange.forward, forward);
    exchange.record.trace = trace;
    return handler.handle(exchange, http);
  };
  return {
    server,
    upstream,
    get port() {
      return server.port;
    },
    records: async (count) => {
      await until(() => server.records.length >= count);
      return server.records;
    },
    idle: () => until(() => server.server.ports[0]?.connections === 0),
    close: async () => {
      await upstream.close();
      await server.close();
    },
  };
};

export const anEndpoint = (port: number, parts: Partial<UpstreamTarget> = {}): UpstreamTarget => ({
  name: 'default/echo',
  host: '127.0.0.1',
  port,
  path: '/',
  protocol: 'HTTP',
  tls: undefined,
  credentials: [],
  authority: `127.0.0.1:${port}`,
  ...parts,
});
