import type { Socket } from 'node:net';
import { type SecureContextOptions, type Server, TLSSocket, type TlsOptions } from 'node:tls';
import type { Bind } from '../../compile/snapshot.ts';
import { findListener } from '../../route/router.ts';
import { type Identities, type Identity, TLS_VERSIONS } from './contexts.ts';

export interface HandshakesOptions {
  /** What new connections are served by. */
  readonly bind: () => Bind;
  readonly identities: Identities;
  /** Milliseconds from the connection's start to the end of its handshake. */
  readonly timeout: number;
}

/** A TLS record with the fatal alert 112, unrecognized_name (RFC 8446 §6.2). */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]);
/** Clients without SNI fail with it: it holds no certificate. */
const NOTHING: SecureContextOptions = {};

/** TLS handshakes of one port: the listener that SNI names shows its certificate, and where there is none the client is refused. */
export class Handshakes {
  readonly #options: HandshakesOptions;
  readonly #pending = new Map<string, Socket>();
  #server: Pick<Server, 'setSecureContext'> | undefined;
  /** Shown to clients that name nothing. */
  #nameless = NOTHING;

  constructor(options: HandshakesOptions) {
    this.#options = options;
  }

  /** For the server that is attached then. */
  get settings(): TlsOptions {
    const handshakes = this;
    return {
      ...TLS_VERSIONS,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: this.#options.timeout,
      SNICallback(this: unknown, serverName, done) {
        const identity = handshakes.#identityFor(serverName);
        if (identity !== undefined) return done(null, identity.context);
        // Nothing was said yet, so that it can be said in plain text.
        if (this instanceof TLSSocket) handshakes.#pending.get(peerOf(this))?.write(UNRECOGNIZED_NAME);
        done(new Error('no listener serves this name'));
      },
    };
  }

  /** Handshakes that have not ended. */
  get pending(): number {
    return this.#pending.size;
  }

  attach(server: Server): void {
    this.#server = server;
    this.refresh();
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      this.#pending.set(peer, socket);
      socket.on('close', () => {
        if (this.#pending.get(peer) === socket) this.#pending.delete(peer);
      });
    });
    server.on('secureConnection', (socket) => {
      this.#pending.delete(peerOf(socket));
      socket.disableRenegotiation();
      // A session that is resumed was not asked about by its name.
      if (this.#identityFor(socket.servername || '') === undefined) socket.destroy();
    });
  }

  /** Call when `bind` has changed. */
  refresh(): void {
    const nameless = this.#identityFor('')?.options ?? NOTHING;
    // Tickets of clients that resume their sessions would be lost.
    if (nameless === this.#nameless) return;
    this.#nameless = nameless;
    this.#server?.setSecureContext({ ...TLS_VERSIONS, ...nameless });
  }

  /** Ends those that have not ended. */
  abort(): void {
    for (const socket of this.#pending.values()) socket.destroy();
  }

  #identityFor(serverName: string): Identity | undefined {
    const name = serverNameOf(serverName);
    const listener = name === undefined ? undefined : findListener(this.#options.bind(), name);
    return name === undefined || listener === undefined ? undefined : this.#options.identities.of(listener, name);
  }
}

/** A name as SNI has it, in lower case; empty where there is none, undefined where it is no name (RFC 6066 §3: neither port nor address). */
const serverNameOf = (text: string): string | undefined => {
  const name = text.toLowerCase();
  return name === '' || /^[a-z0-9._-]+$/.test(name) ? name : undefined;
};

/** One for both sockets of a TLS connection, and of no other one that is open. */
const peerOf = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`;
