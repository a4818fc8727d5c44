import type { Socket } from 'node:net';
import type { GatewayError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import type { Peer } from './request.ts';

/** An IPv4 peer of a socket that serves both families. */
const MAPPED_IPV4 = /^::ffff:(?=\d+\.)/i;

/** One client connection. Its requests are served one after another, as they are answered (RFC 9112 §9.3.2). */
export class Connection implements Peer {
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly serverName: string | undefined;
  /** What is served right now. */
  current: Exchange | undefined;
  /** Its last request has come: what is behind one that was malformed, nobody can tell. */
  ended = false;
  /** Why the rest of the current request cannot be read; the client was told. */
  fault: GatewayError | undefined;
  #unfinished = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(socket: Socket, serverName: string | undefined) {
    this.socket = socket;
    this.remoteAddress = (socket.remoteAddress ?? '').replace(MAPPED_IPV4, '');
    this.remotePort = socket.remotePort ?? 0;
    this.localPort = socket.localPort ?? 0;
    this.serverName = serverName;
  }

  /** Requests that are not finished. */
  get unfinished(): number {
    return this.#unfinished;
  }

  /** Runs `serve`, which must not reject, when the requests before it are finished; `done` when it is finished itself. */
  enqueue(serve: () => Promise<void>, done: () => void): void {
    const run = async (): Promise<void> => {
      await serve();
      this.#unfinished -= 1;
      done();
    };
    this.#unfinished += 1;
    this.#last = this.#unfinished === 1 ? run() : this.#last.then(run);
  }
}
