import type { IncomingHttpHeaders } from 'node:http';
import type { McpBackend } from '../compile/snapshot.ts';
import { GatewayError } from '../errors.ts';
import { type Exchange, timeLeft } from '../exchange.ts';
import { waitToRetry } from '../retry.ts';
import type { KnownNames } from '../telemetry/names.ts';
import type { Needs } from '../telemetry/needs.ts';
import type { TelemetryPolicy } from '../telemetry/policy.ts';
import { type McpFacts, newUpstreamCall, type RequestRecord, type UpstreamCall } from '../telemetry/record.ts';
import { type TraceCarrier, traceFields } from '../telemetry/trace/trace-context.ts';
import { withCredentials } from '../upstream/credentials.ts';
import type { UpstreamTarget } from '../upstream/target.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { MAX_BODY_BYTES, readBody } from './body.ts';
import { type FactsContext, noFacts, noteMessage, noteOutcome } from './facts.ts';
import {
  checkAccept,
  checkContentType,
  protocolVersion,
  requestHeaders,
  SESSION_HEADER,
  sessionHeader,
} from './headers.ts';
import { InFlight } from './in-flight.ts';
import type { JsonRpcId } from './jsonrpc.ts';
import { JSON_TYPE, mediaType } from './media.ts';
import { type ClientMessage, isObject, own, parseMessage } from './message.ts';
import { injectMeta } from './meta.ts';
import { type RelayOptions, relay } from './relay.ts';
import type { Session, SessionTokens } from './session-token.ts';

export interface McpHandlerDependencies {
  readonly upstream: Upstream;
  readonly sessions: SessionTokens;
  readonly names: KnownNames;
  /** 16 lower-case hex digits. */
  readonly newSpanId: () => string;
  /** Told what trace context a client's message carries, before anything is sent on. */
  readonly onMessage: (record: RequestRecord, carrier: TraceCarrier) => void;
  /** Milliseconds of the Unix epoch, with fractions. */
  readonly now: () => number;
  /** What has to be kept of a request for what its listener reports. */
  readonly needs: (policy: TelemetryPolicy | undefined) => Needs;
  /** A client begins to listen to a server; what is returned is called at its end. */
  readonly stream: () => () => void;
  /** Longest POST body in bytes; default MAX_BODY_BYTES. */
  readonly maxBodyBytes?: number;
}

/** What is sent to the target, and on whose behalf. */
interface Operation {
  readonly kind: RelayOptions['kind'];
  /** JSON-RPC method or HTTP method: names the span. */
  readonly name: string;
  readonly requestId: JsonRpcId | undefined;
  readonly body: Buffer | undefined;
  /** It has parameters, which may carry a trace context. */
  readonly carries: boolean;
  /** Undefined: this asks for one. */
  readonly session: OpenSession | undefined;
}

interface OpenSession extends Session {
  readonly token: string;
}

const METHODS = 'GET, POST, DELETE';

/** The longest body of a request that is refused, in bytes; of a longer one nothing is known. */
const MAX_REFUSED_BODY_BYTES = 64 * 1_024;

/** The MCP endpoint of a backend: Streamable HTTP in, Streamable HTTP out (modelcontextprotocol.io, "Transports"). */
export class McpHandler {
  readonly #deps: McpHandlerDependencies;
  readonly #inFlight = new InFlight();

  constructor(deps: McpHandlerDependencies) {
    this.#deps = deps;
  }

  /**
   * Answers one request and fills `exchange.record`; settles when client and upstream are done with it.
   * @throws GatewayError only while no response header was sent
   */
  async handle(exchange: Exchange, backend: McpBackend): Promise<void> {
    const target = onlyTarget(backend);
    switch (exchange.request.method) {
      case 'POST':
        return this.#post(exchange, backend, target);
      case 'GET':
        return this.#get(exchange, backend, target);
      case 'DELETE':
        return this.#delete(exchange, backend, target);
      default:
        exchange.response.setHeader('allow', METHODS);
        throw new GatewayError('method_not_allowed');
    }
  }

  async #post(exchange: Exchange, backend: McpBackend, target: UpstreamTarget): Promise<void> {
    const { request, record } = exchange;
    checkAccept(request, 'POST');
    checkContentType(request);
    const facts = begin(exchange);
    const body = await this.#body(exchange, this.#deps.maxBodyBytes ?? MAX_BODY_BYTES);
    const message = this.#read(record, facts, body, this.#context(backend, target));
    facts.protocolVersion = protocolVersion(request) ?? facts.protocolVersion;
    const { method, requestId } = facts;
    const initializes = message.kind === 'request' && method === 'initialize';
    const session = initializes ? undefined : this.#session(exchange, backend, target);
    const answered = session && this.#inFlight.fromClient(session.token, message, this.#deps.now());
    if (answered !== undefined && record.trace !== undefined) {
      record.trace = { ...record.trace, links: [...record.trace.links, answered] };
    }
    await this.#forward(exchange, backend, target, {
      kind: message.kind === 'request' ? 'request' : 'message',
      name: method ?? 'response',
      requestId,
      body,
      carries: message.kind !== 'response',
      session,
    });
  }

  /**
   * What a request asks for that a policy has refused: so that the trail says what was denied, and the client can tell which of its requests
   * it was. Never rejects.
   */
  async describe(exchange: Exchange, backend: McpBackend): Promise<void> {
    const { request, record } = exchange;
    if (request.method !== 'POST' || mediaType(request.headers['content-type']) !== JSON_TYPE) return;
    try {
      const target = onlyTarget(backend);
      const facts = begin(exchange);
      facts.sessionId = sessionHeader(request);
      this.#read(record, facts, await this.#body(exchange, MAX_REFUSED_BODY_BYTES), this.#context(backend, target));
    } catch {
      // It is refused already, and stays so.
    }
  }

  /** @throws GatewayError as `parseMessage` does */
  #read(record: RequestRecord, facts: McpFacts, body: Buffer, context: FactsContext): ClientMessage {
    const { onMessage, needs } = this.#deps;
    const message = parseMessage(body);
    noteMessage(facts, message, context);
    const meta = message.kind === 'response' ? undefined : own(message.params, '_meta');
    if (isObject(meta)) onMessage(record, meta);
    record.request.bytes = body.length;
    const needed = needs(record.telemetry);
    record.request.kept?.push(body);
    if (needed.arguments && facts.resourceType === 'tool' && message.kind === 'request') {
      facts.arguments = own(message.params, 'arguments');
    }
    return message;
  }

  async #get(exchange: Exchange, backend: McpBackend, target: UpstreamTarget): Promise<void> {
    checkAccept(exchange.request, 'GET');
    begin(exchange).protocolVersion = protocolVersion(exchange.request);
    const session = this.#session(exchange, backend, target);
    const ended = this.#deps.stream();
    await this.#forward(exchange, backend, target, withoutBody('stream', 'GET', session)).finally(ended);
  }

  async #delete(exchange: Exchange, backend: McpBackend, target: UpstreamTarget): Promise<void> {
    begin(exchange).protocolVersion = protocolVersion(exchange.request);
    const session = this.#session(exchange, backend, target);
    await this.#forward(exchange, backend, target, withoutBody('end', 'DELETE', session));
  }

  #context(backend: McpBackend, target: UpstreamTarget): FactsContext {
    return { target: target.name, key: `${backend.name}/${target.name}`, names: this.#deps.names };
  }

  async #body({ request, response }: Exchange, limit: number): Promise<Buffer> {
    try {
      return await readBody(request, limit);
    } catch (error) {
      // The rest of the body is not read: nothing can follow it on this connection.
      response.setHeader('connection', 'close');
      throw error;
    }
  }

  /** @throws GatewayError session_required, session_not_found */
  #session({ request, record }: Exchange, backend: McpBackend, target: UpstreamTarget): OpenSession {
    const token = sessionHeader(request);
    if (token === undefined) {
      throw new GatewayError('session_required');
    }
    const session = { ...this.#deps.sessions.open(backend.name, target.name, token), token };
    if (record.mcp !== undefined) {
      record.mcp.sessionId = token;
    }
    return session;
  }

  async #forward(exchange: Exchange, backend: McpBackend, target: UpstreamTarget, operation: Operation): Promise<void> {
    for (let retries = 0; ; retries += 1) {
      const unsent = await this.#attempt(exchange, backend, target, operation);
      if (unsent === undefined) return;
      if (!(await waitToRetry(exchange, retries, this.#deps.now()))) throw unsent;
    }
  }

  #attempt(
    exchange: Exchange,
    backend: McpBackend,
    target: UpstreamTarget,
    operation: Operation,
  ): Promise<GatewayError | undefined> {
    const { upstream, newSpanId, now } = this.#deps;
    const { request, record } = exchange;
    const { session, requestId } = operation;
    const call = newUpstreamCall(target, operation.name, newSpanId(), now());
    record.upstreamCalls.push(call);
    const body = this.#bodyFor(record, operation, call);
    call.requestBytes = body?.length ?? 0;
    const pending = { record, call };
    const ended =
      session === undefined || requestId === undefined
        ? undefined
        : this.#inFlight.begin(session.token, requestId, pending);
    const headers = requestHeaders(exchange, target, {
      upstreamSessionId: session?.upstreamId,
      spanId: call.spanId,
    });
    const options: RelayOptions = {
      exchange,
      call,
      now,
      kind: operation.kind,
      requestId,
      keepsResult: record.mcp?.resourceType === 'tool' && this.#deps.needs(record.telemetry).result,
      onMessage: (message) => this.#inFlight.fromServer(session?.token, pending, message, now()),
      sessionId: (status, answered) => this.#answeredSession(exchange, backend, target, operation, status, answered),
      onOutcome: (outcome) => {
        if (record.mcp !== undefined) {
          noteOutcome(record.mcp, outcome, this.#context(backend, target));
        }
      },
    };
    const sent = {
      ...withCredentials(target, { path: target.path, headers }),
      method: request.method ?? 'POST',
      body,
      timeout: timeLeft(exchange, target, now()),
    };
    return relay(options, (listener) => upstream.send(target, sent, listener)).finally(() => ended?.());
  }

  #bodyFor({ trace }: RequestRecord, { body, carries }: Operation, { spanId }: UpstreamCall): Buffer | undefined {
    const fields = carries ? traceFields(trace, spanId) : undefined;
    return body === undefined || fields === undefined ? body : injectMeta(body, fields);
  }

  /**
   * The session id for the answer. An upstream without sessions still gets its clients one: calls of one client belong together in the
   * trail, and a missing id stays an error that can be told.
   */
  #answeredSession(
    { record }: Exchange,
    backend: McpBackend,
    target: UpstreamTarget,
    { session }: Operation,
    status: number,
    headers: IncomingHttpHeaders,
  ): string | undefined {
    const issued = headers[SESSION_HEADER];
    if (Array.isArray(issued)) {
      throw new GatewayError('upstream_invalid', { detail: 'it issued two session ids' });
    }
    if (session !== undefined && (issued === undefined || issued === session.upstreamId)) {
      return issued === undefined ? undefined : session.token;
    }
    if (issued === undefined && (status < 200 || status >= 300)) {
      return undefined;
    }
    const token = this.#deps.sessions.seal(backend.name, { target: target.name, upstreamId: issued });
    if (record.mcp !== undefined) {
      record.mcp.sessionId = token;
    }
    return token;
  }
}

/** @throws GatewayError backend_invalid unless there is one target, and it speaks Streamable HTTP */
const onlyTarget = ({ name, targets }: McpBackend): UpstreamTarget => {
  const [target, ...more] = targets;
  if (target === undefined || more.length > 0) {
    throw new GatewayError('backend_invalid', { detail: `${name} has ${targets.length} MCP targets` });
  }
  if (target.protocol !== 'StreamableHTTP') {
    throw new GatewayError('backend_invalid', { detail: `${name} speaks ${target.protocol}, not Streamable HTTP` });
  }
  return target;
};

const begin = ({ record }: Exchange): McpFacts => {
  const facts = noFacts();
  record.mcp = facts;
  return facts;
};

const withoutBody = (kind: 'stream' | 'end', name: string, session: OpenSession): Operation => ({
  kind,
  name,
  requestId: undefined,
  body: undefined,
  carries: false,
  session,
});
