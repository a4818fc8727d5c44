import { createServer, IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Bind } from '../compile/snapshot.ts';
import { GatewayError } from '../errors.ts';
import type { Clock } from '../telemetry/export/transport.ts';
import { Connection } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';
import { type ServerLimits, TCP_KEEP_ALIVE_DELAY } from './limits.ts';
import type { Log } from './log.ts';
import { faultOf, isBehindLast, rawAnswer } from './render.ts';
import { receive, unreadable } from './request.ts';
import { GatewayResponse } from './response.ts';
import { Handshakes } from './tls/handshakes.ts';

export interface FrontOptions {
  readonly dispatcher: Dispatcher;
  readonly limits: ServerLimits;
  readonly protocol: Bind['protocol'];
  readonly clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  readonly log: Log;
  /** What new requests are served by. */
  readonly bind: () => Bind;
  /** No new requests on connections that are open: the port is going away. */
  readonly closing: () => boolean;
}

/** The connections of one port: a strict HTTP/1.1 server whose requests, and whatever else clients send, all end in a record. */
export class Front {
  readonly server: Server<typeof IncomingMessage, typeof GatewayResponse>;
  readonly #options: FrontOptions;
  readonly #handshakes: Handshakes | undefined;
  readonly #connections = new Map<Duplex, Connection>();

  constructor(options: FrontOptions) {
    const { limits, protocol } = options;
    this.#options = options;
    this.server = createServer({
      IncomingMessage,
      ServerResponse: GatewayResponse,
      insecureHTTPParser: false,
      // Missing Host fields are refused by `receive`, so that they are recorded.
      requireHostHeader: false,
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeout,
      requestTimeout: limits.requestTimeout,
      connectionsCheckingInterval: limits.checkInterval,
      keepAliveTimeout: limits.keepAliveTimeout,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_DELAY,
    });
    if (protocol === 'HTTPS') this.#handshakes = this.#secured();
    else this.server.on('connection', (socket: Socket) => this.#open(socket, undefined, undefined));
    // Not every Node refuses what is beyond its limit, some drop it: with one more than ours it shows in `receive`.
    this.server.maxHeadersCount = limits.maxHeaders + 1;
    this.server.maxConnections = limits.maxConnections;
    this.server.timeout = limits.stallTimeout;
    this.server.on('request', (request, response) => this.#serve(request, response));
    this.server.on('checkExpectation', (request, response) =>
      this.#serve(request, response, new GatewayError('expectation_failed')),
    );
    this.server.on('connect', (request, socket) => this.#onConnect(request, socket));
    this.server.on('clientError', (error, socket) => this.#onClientError(error, socket));
    this.server.on('timeout', (socket: Socket) => this.#onTimeout(socket));
  }

  /** Whether a request is under way that has an end of its own: a GET stream of events has none. */
  get busy(): boolean {
    return [...this.#connections.values()].some(
      ({ unfinished, current }) => unfinished > 1 || (unfinished === 1 && !isEventStream(current)),
    );
  }

  /** Open connections, and those whose last request has not been finished. */
  get connections(): number {
    return this.#connections.size + (this.#handshakes?.pending ?? 0);
  }

  /** Whether any request has not been finished. */
  get unfinished(): boolean {
    return [...this.#connections.values()].some(({ unfinished }) => unfinished > 0);
  }

  /** Call when `bind` has changed. */
  refresh(): void {
    this.#handshakes?.refresh();
  }

  /** No new connections. */
  close(): void {
    this.server.close();
    this.#handshakes?.abort();
  }

  /** The server reads requests from connections once their handshakes have ended, in place of those that come in. */
  #secured(): Handshakes {
    const { bind, clock, limits, log } = this.#options;
    const [serve] = this.server.listeners('connection') as [(this: Front['server'], socket: Socket) => void];
    const handshakes = new Handshakes({
      bind,
      clock,
      log,
      timeout: limits.handshakeTimeout,
      onSecure: (socket, serverName, duration) => {
        this.#open(socket, serverName, duration);
        serve.call(this.server, socket);
      },
    });
    this.server.off('connection', serve);
    this.server.on('connection', (socket: Socket) => handshakes.accept(socket));
    return handshakes;
  }

  #open(socket: Socket, serverName: string | undefined, handshake: number | undefined): void {
    const { dispatcher, bind } = this.#options;
    const connection = new Connection(socket, serverName);
    this.#connections.set(socket, connection);
    dispatcher.opened(bind(), connection, handshake);
    socket.on('close', () => {
      if (connection.unfinished === 0) this.#connections.delete(socket);
    });
  }

  #serve(request: IncomingMessage, response: GatewayResponse, refusal?: GatewayError): void {
    const { dispatcher, bind, closing, limits } = this.#options;
    const connection = this.#connections.get(request.socket);
    if (connection === undefined || connection.unfinished > limits.maxPipelined) {
      request.socket.destroy();
      return;
    }
    // The answer to the last one closes the connection.
    if (connection.ended) return;
    response.endsConnection = closing;
    const serve = dispatcher.accept({ request, response, bind: bind(), connection, refusal });
    connection.enqueue(serve, () => this.#onFinished(connection));
  }

  #onFinished(connection: Connection): void {
    if (connection.unfinished > 0) return;
    if (connection.socket.destroyed) this.#connections.delete(connection.socket);
    // Its header was sent before anybody knew that it would be the last.
    else if (this.#options.closing()) connection.socket.destroySoon();
  }

  /** RFC 9110 §9.3.6: this is no proxy to other hosts. */
  #onConnect(request: IncomingMessage, socket: Duplex): void {
    const { dispatcher, bind, limits } = this.#options;
    const connection = this.#connections.get(socket);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    const { record } = dispatcher.begin(receive(request, connection, limits.maxHeaders), bind(), connection);
    const error = new GatewayError('connect_unsupported');
    socket.on('error', () => {});
    // A request before it waits for its answer, and would get this one.
    if (connection.unfinished > 0) socket.destroy();
    dispatcher.refused(record, error, this.#linger(connection, error));
  }

  #onClientError(error: Error, socket: Duplex): void {
    const { dispatcher, bind } = this.#options;
    const connection = this.#connections.get(socket);
    const fault = faultOf(error);
    if (connection === undefined || fault === undefined) {
      socket.destroy();
    } else if (spoilsBody(connection)) {
      connection.fault = fault;
      const { message } = rawAnswer(fault);
      connection.socket.write(message);
      connection.socket.destroySoon();
    } else if (connection.ended || isBehindLast(error)) {
      // RFC 9112 §9.6: what comes behind the last request is not looked at.
    } else if (connection.unfinished > 0 || !socket.writable) {
      // An answer is on its way that the client would take this one for.
      socket.destroy();
    } else if (connection.socket.bytesRead === 0) {
      // Whoever connects and says nothing has asked nothing.
      socket.destroy();
    } else {
      const { record } = dispatcher.begin({ facts: unreadable(connection), routable: fault }, bind(), connection);
      dispatcher.refused(record, fault, this.#linger(connection, fault));
    }
  }

  /**
   * Ends the connection with an error, and lets in for a while what is still on its way: one that is closed under a sender may take the
   * answer with it.
   */
  #linger(connection: Connection, error: GatewayError): number {
    const { clock, limits } = this.#options;
    const { socket } = connection;
    if (socket.destroyed) return 0;
    const { message, bytes } = rawAnswer(error);
    connection.ended = true;
    socket.end(message);
    socket.resume();
    const timer = clock.setTimeout(() => socket.destroy(), limits.lingerTimeout);
    socket.once('close', () => clock.clearTimeout(timer));
    return bytes;
  }

  /** Nothing was read or written for a while. */
  #onTimeout(socket: Socket): void {
    const idle = (this.#connections.get(socket)?.unfinished ?? 0) === 0;
    // A stream may be silent for hours; a client may not take so long to read what was said.
    if (idle || socket.writableLength > 0) socket.destroy();
  }
}

/** Whether a request that is not answered yet is the one that cannot be read further. */
const spoilsBody = ({ current, fault, socket, unfinished }: Connection): boolean =>
  unfinished === 1 &&
  fault === undefined &&
  socket.writable &&
  current?.request.complete === false &&
  !current.response.headersSent;

const isEventStream = (exchange: Connection['current']): boolean =>
  exchange?.request.method === 'GET' &&
  exchange.response.headersSent &&
  String((exchange.response as GatewayResponse).sentHeaders['content-type']).startsWith('text/event-stream');
