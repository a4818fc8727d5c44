/** One upstream to dial, with all that a request to it needs; compiled, frozen. */
export interface UpstreamTarget {
  /** MCP target name, or the Service's. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Path and nothing else: `/mcp/`. */
  readonly path: string;
  readonly protocol: 'StreamableHTTP' | 'SSE' | 'HTTP';
  /** Absent: plain text. `sni` defaults to `host`. */
  readonly tls: UpstreamTls | undefined;
  /** Header to set on each request; the value is a secret. */
  readonly authorization: HeaderCredential | undefined;
  /** `host[:port]` for the Host header: port left out when it is the scheme's own. */
  readonly authority: string;
}

export interface UpstreamTls {
  readonly sni: string;
}

export interface HeaderCredential {
  /** Lower-case header name. */
  readonly header: string;
  readonly value: string;
}
