import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Bind } from '../../compile/snapshot.ts';
import { findListener } from '../../route/router.ts';
import type { Clock, Timer } from '../../telemetry/export/transport.ts';
import type { Log } from '../log.ts';
import { readClientHello } from './client-hello.ts';
import { Identities, type Identity } from './identities.ts';

export interface HandshakesOptions {
  /** What new connections are served by. */
  readonly bind: () => Bind;
  /** Milliseconds from the connection's start to the end of its handshake. */
  readonly timeout: number;
  readonly clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  readonly log: Log;
  /** Called when a handshake has ended well, with what the client had named (empty: nothing), and how many milliseconds it took. */
  readonly onSecure: (socket: TLSSocket, serverName: string, duration: number) => void;
}

interface Pending {
  readonly socket: Socket;
  readonly timer: Timer;
  readonly began: number;
  serverName: string;
}

/** A TLS record with the fatal alert 112, unrecognized_name (RFC 8446 §6.2). */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]);

/** TLS handshakes of one port: the listener that the client names shows its certificate, and where there is none the client is refused. */
export class Handshakes {
  readonly #options: HandshakesOptions;
  readonly #identities: Identities;
  readonly #pending = new Map<string, Pending>();

  constructor(options: HandshakesOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#identities = new Identities({ onSecure: (socket) => this.#onSecure(socket), log, now: () => clock.now() });
    this.refresh();
  }

  /** Handshakes that have not ended. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Call when `bind` has changed. */
  refresh(): void {
    this.#identities.reconcile(this.#options.bind());
  }

  /** Begins with a connection that nothing was read of. */
  accept(socket: Socket): void {
    const { clock, timeout } = this.#options;
    const peer = peerOf(socket);
    const pending: Pending = {
      socket,
      timer: clock.setTimeout(() => socket.destroy(), timeout),
      began: clock.now(),
      serverName: '',
    };
    this.#pending.set(peer, pending);
    socket.on('close', () => this.#settle(peer, pending));
    socket.on('error', () => {});
    this.#readHello(socket, (serverName) => {
      const identity = serverName === undefined ? undefined : this.#identityFor(serverName);
      if (serverName === undefined || identity === undefined) {
        // Nothing was said yet, so that it can be said in plain text.
        socket.end(UNRECOGNIZED_NAME);
        socket.destroySoon();
      } else {
        pending.serverName = serverName;
        // Who says goodbye in the handshake has no answer to wait for.
        socket.allowHalfOpen = false;
        identity.server.emit('connection', socket);
      }
    });
  }

  /** Ends those that have not ended. */
  abort(): void {
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  /** Reads what the client names, and puts it back. */
  #readHello(socket: Socket, onHello: (serverName: string | undefined) => void): void {
    let received: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const hello = readClientHello(received);
      if (hello === 'incomplete') return;
      socket.off('data', onData).off('end', onEnd).pause();
      if (hello === 'invalid') {
        socket.destroy();
        return;
      }
      socket.unshift(received);
      onHello(hello.serverName);
    };
    const onEnd = (): void => void socket.destroy();
    socket.on('data', onData).on('end', onEnd);
  }

  #onSecure(socket: TLSSocket): void {
    const peer = peerOf(socket);
    const pending = this.#pending.get(peer);
    if (pending === undefined) {
      socket.destroy();
      return;
    }
    this.#settle(peer, pending);
    socket.disableRenegotiation();
    this.#options.onSecure(socket, pending.serverName, this.#options.clock.now() - pending.began);
  }

  #settle(peer: string, pending: Pending): void {
    this.#options.clock.clearTimeout(pending.timer);
    if (this.#pending.get(peer) === pending) this.#pending.delete(peer);
  }

  #identityFor(serverName: string): Identity | undefined {
    const listener = findListener(this.#options.bind(), serverName);
    return listener && this.#identities.of(listener, serverName);
  }
}

/** One for both sockets of a TLS connection, and of no other one that is open. */
const peerOf = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`;
