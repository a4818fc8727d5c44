import type { IncomingMessage } from 'node:http';
import type { RulePolicy } from '../compile/rule-policy.ts';
import type { Backend, Bind, HttpBackend, Listener, McpBackend } from '../compile/snapshot.ts';
import { GatewayError } from '../errors.ts';
import { type Exchange, newForward } from '../exchange.ts';
import type { Answer } from '../policy/answer.ts';
import { Policies } from '../policy/apply.ts';
import { findListener, findMatch, type RoutableRequest } from '../route/router.ts';
import { chooseBackend } from '../route/weight.ts';
import type { EnvironmentFacts } from '../telemetry/context.ts';
import { KeptBytes } from '../telemetry/kept.ts';
import type { ConnectionMetrics } from '../telemetry/metrics/connections.ts';
import type { RequestRecord } from '../telemetry/record.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Connection } from './connection.ts';
import type { ServerLimits } from './limits.ts';
import type { Log } from './log.ts';
import { bindLabels, newRecord } from './record.ts';
import { foreseen, noteError, renderAnswer, renderError } from './render.ts';
import { asksForWebSocket, type Peer, type ReceivedRequest, receive } from './request.ts';
import type { GatewayResponse } from './response.ts';

/** What serves each type of backend: answers, or throws while no header was sent. */
export interface Handlers {
  readonly mcp: (exchange: Exchange, backend: McpBackend) => Promise<void>;
  /** Notes what a refused request asks of such a backend; default: nobody does. Never rejects. */
  readonly describe?: (exchange: Exchange, backend: McpBackend) => Promise<void>;
  readonly http: (exchange: Exchange, backend: HttpBackend) => Promise<void>;
}

export interface DispatcherOptions {
  readonly handlers: Handlers;
  readonly telemetry: Pick<Telemetry, 'begin' | 'needs' | 'finish'>;
  /** Counts connections; default: nobody does. */
  readonly connections?: Pick<ConnectionMetrics, 'opened' | 'ended'>;
  /** Milliseconds of the Unix epoch, with fractions. */
  readonly now: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** What expressions of policies may read of the process. */
  readonly environment: EnvironmentFacts;
  readonly log: Log;
}

/** A request that came in, with what it will be served by. */
export interface Arrival {
  readonly request: IncomingMessage;
  readonly response: GatewayResponse;
  /** As it was when the request came: a reload does not touch requests under way. */
  readonly bind: Bind;
  readonly connection: Connection;
  /** Set when it is not to be served. */
  readonly refusal?: GatewayError | undefined;
}

/** Takes one request through listener, route and backend, and finishes its record when the response has ended, however it did. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #limits: ServerLimits;
  readonly #policies: Policies;

  constructor(options: DispatcherOptions, limits: ServerLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#policies = new Policies(options);
  }

  /**
   * Counts a connection.
   * @param handshake milliseconds, of TLS
   */
  opened(bind: Bind, { socket }: Connection, handshake: number | undefined): void {
    const { connections } = this.#options;
    if (connections === undefined) return;
    const labels = bindLabels(bind);
    const protocol = bind.protocol === 'HTTPS' ? 'https' : 'http';
    connections.opened(labels, protocol, handshake);
    socket.once('close', () => {
      connections.ended({ labels, protocol, receivedBytes: socket.bytesRead, sentBytes: socket.bytesWritten });
    });
  }

  /** Begins the record; what is returned serves the request and never rejects. */
  accept(arrival: Arrival): () => Promise<void> {
    const { request, response, bind, connection } = arrival;
    const received = receive(request, connection, this.#limits.maxHeaders);
    if (received.routable instanceof GatewayError) {
      connection.ended = true;
      response.endsConnection = () => true;
    }
    const { listener, record } = this.begin(received, bind, connection);
    const exchange: Exchange = { request, response, record, forward: newForward(request, record.request.target) };
    response.kept = record.response.kept;
    const closed = new Promise<void>((resolve) => {
      response.once('close', resolve);
    });
    // A connection that breaks while it is written to: its end is told by `close`.
    response.on('error', () => {});
    return async () => {
      // A request that waited on a connection that broke: not every Node tells the end of a response that never had its socket.
      const gone = connection.socket.destroyed;
      connection.current = exchange;
      await this.#serve(exchange, arrival, listener, received.routable);
      if (!gone) await closed;
      connection.current = undefined;
      this.#finish(record, response, connection.fault);
    };
  }

  /** A record of the request, with the telemetry of the listener that it belongs to. */
  begin(
    { facts, routable }: ReceivedRequest,
    bind: Bind,
    { serverName }: Peer,
  ): { readonly listener: Listener | undefined; readonly record: RequestRecord } {
    const { telemetry, now } = this.#options;
    const listener = routable instanceof GatewayError ? undefined : findListener(bind, routable.host, serverName);
    const record = newRecord(now(), facts, listener?.labels ?? bindLabels(bind), listener?.telemetry);
    record.trace = telemetry.begin(listener?.telemetry, facts);
    const { requestBody, responseBody } = telemetry.needs(listener?.telemetry);
    if (requestBody) record.request.kept = new KeptBytes();
    if (responseBody) record.response.kept = new KeptBytes();
    return { listener, record };
  }

  /** Finishes a record whose answer was not sent through a response object. */
  refused(record: RequestRecord, error: GatewayError, bytes: number): void {
    noteError(record, error);
    record.response.status = error.info.status;
    record.response.bytes = bytes;
    record.endTime = this.#options.now();
    this.#options.telemetry.finish(record);
  }

  async #serve(
    exchange: Exchange,
    arrival: Arrival,
    listener: Listener | undefined,
    routable: RoutableRequest | GatewayError,
  ): Promise<void> {
    const { response, record } = exchange;
    const { connection, refusal } = arrival;
    try {
      if (connection.socket.destroyed) throw new GatewayError('client_closed');
      if (refusal !== undefined) throw refusal;
      if (routable instanceof GatewayError) throw routable;
      if (listener === undefined) throw new GatewayError('listener_not_found');
      await this.#route(exchange, arrival, listener, routable);
      if (!response.writableEnded && !response.destroyed) throw new Error('the handler did not end the response');
    } catch (thrown) {
      const error = foreseen(thrown);
      if (thrown !== error) this.#logDefect(record, thrown);
      noteError(record, (error.code === 'client_closed' && connection.fault) || error);
      await renderError(exchange, error, this.#limits.lingerTimeout);
    }
  }

  async #route(
    exchange: Exchange,
    { response, bind }: Arrival,
    listener: Listener,
    routable: RoutableRequest,
  ): Promise<void> {
    const { record } = exchange;
    const match = findMatch(listener, routable);
    if (match === undefined) throw new GatewayError('route_not_found');
    const { rule } = match;
    record.labels = rule.labels;
    record.pathMatch = match.pattern;
    if (asksForWebSocket(exchange.request)) throw new GatewayError('upgrade_unsupported');
    // Before the policies, which may read it, and refuse requests in terms of its protocol.
    const chosen = chooseBackend(rule, this.#options.random);
    record.backend = chosen && backendFacts(chosen.backend);
    if (rule.policy !== undefined) {
      response.rewriteHead = this.#policies.onResponse(exchange, rule.policy, undefined);
      const answer = await this.#applyPolicies(exchange, rule.policy, bind.port, chosen?.backend);
      if (answer !== undefined) {
        record.backend = undefined;
        return renderAnswer(exchange, answer, this.#limits.lingerTimeout);
      }
    }
    if (chosen === undefined) throw new GatewayError('backend_invalid', { detail: 'it has none with a weight' });
    const { backend, policy } = chosen;
    if (backend.type === 'invalid') {
      // Names of objects are for the log; the client learns that it is not its fault.
      noteError(record, new GatewayError('backend_invalid', { detail: `${backend.message} (${backend.reason})` }));
      throw new GatewayError('backend_invalid');
    }
    if (policy !== undefined) {
      response.rewriteHead = this.#policies.onResponse(exchange, rule.policy, policy);
      this.#policies.onBackendRequest(exchange, policy);
    }
    const { handlers } = this.#options;
    await (backend.type === 'mcp' ? handlers.mcp(exchange, backend) : handlers.http(exchange, backend));
  }

  async #applyPolicies(
    exchange: Exchange,
    policy: RulePolicy,
    port: number,
    backend: Backend | undefined,
  ): Promise<Answer | undefined> {
    try {
      return this.#policies.onRequest(exchange, policy, port);
    } catch (error) {
      if (backend?.type === 'mcp') await this.#options.handlers.describe?.(exchange, backend);
      throw error;
    }
  }

  #finish(record: RequestRecord, response: GatewayResponse, fault: GatewayError | undefined): void {
    if (!response.headersSent) {
      const error = fault ?? new GatewayError('client_closed');
      noteError(record, error);
      record.response.status = error.info.status;
    } else {
      record.response.status = response.statusCode;
    }
    record.response.headers = response.sentHeaders;
    record.response.bytes = response.bodyBytes;
    record.endTime = this.#options.now();
    this.#options.telemetry.finish(record);
  }

  #logDefect({ labels, request }: RequestRecord, thrown: unknown): void {
    this.#options.log('error', 'a request failed for an unforeseen reason', {
      gateway: labels.gateway,
      listener: labels.listener,
      method: request.method,
      cause: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    });
  }
}

const backendFacts = (backend: Backend): RequestRecord['backend'] => {
  const { name, type } = backend;
  if (type === 'mcp') return { name, type, protocol: 'mcp' };
  return { name, type: type === 'http' ? backend.kind : 'unknown', protocol: 'http' };
};
