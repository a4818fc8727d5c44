/** One upstream to dial, with all that a request to it needs; compiled, frozen. Times in milliseconds. */
export interface UpstreamTarget {
  /** MCP target name, or the backend's. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Unix socket to connect to instead of host and port. */
  readonly socketPath?: string | undefined;
  /** Path and nothing else: `/mcp/`. Plain HTTP sends the request's own. */
  readonly path: string;
  readonly protocol: 'StreamableHTTP' | 'SSE' | 'HTTP';
  /** Absent: plain text. */
  readonly tls: UpstreamTls | undefined;
  /** Set on each request; the values are secrets. */
  readonly credentials: readonly Credential[];
  /** `host[:port]` for the Host header: port left out when it is the scheme's own. */
  readonly authority: string;
  /** DNS, TCP and TLS together; absent: CONNECT_TIMEOUT. */
  readonly connectTimeout?: number | undefined;
  /** Until the answer is complete, or an event stream begins; absent: none but the usual ones. */
  readonly requestTimeout?: number | undefined;
  readonly keepAlive?: TcpKeepAlive | undefined;
}

export interface UpstreamTls {
  /** Name that is sent and that the certificate is checked against. */
  readonly sni: string;
  /** PEM; absent: the well-known roots. */
  readonly ca?: string | undefined;
  /** What the gateway shows of itself. */
  readonly certificate?: Certificate | undefined;
  /** `all` (the default): chain and name; `chain`: without the name; `none`: nothing. */
  readonly verify?: 'all' | 'chain' | 'none' | undefined;
  /** One of these has to be in the certificate, in place of `sni`. */
  readonly subjectAltNames?: readonly string[] | undefined;
  readonly alpnProtocols?: readonly string[] | undefined;
}

/** PEM texts; the key is a secret. */
export interface Certificate {
  /** The server's own first, then those that lead to a root. */
  readonly certificate: string;
  readonly key: string;
}

export interface TcpKeepAlive {
  /** Silence before the first probe. */
  readonly time: number;
}

/** Header names are lower case. */
export interface Credential {
  readonly in: 'header' | 'query' | 'cookie';
  readonly name: string;
  readonly value: string;
}
