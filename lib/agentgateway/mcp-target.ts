import type { McpTarget } from '../api/agentgateway/backend.ts';
import { namespacedName } from '../api/kinds.ts';
import type { SecretKey } from '../core/secret.ts';

/** One MCP server behind a backend. */
export interface McpTargetProps {
  /** Name of the target, as it stands in metrics and spans: unique in the backend, a DNS subdomain. */
  readonly name: string;
  /** Host name or IP address of the server. */
  readonly host: string;
  /** Port of the server, 1 to 65535. */
  readonly port: number;
  /**
   * Path of the MCP endpoint.
   *
   * @default '/mcp'
   */
  readonly path?: string;
  /**
   * Transport that the server speaks.
   *
   * @default 'StreamableHTTP'
   */
  readonly protocol?: 'StreamableHTTP';
  /**
   * TLS to the server, verified with the system's roots. `sni` is the name that is asked for and verified.
   *
   * @default - no TLS; with `{}`, `sni` is the host
   */
  readonly tls?: { readonly sni?: string };
  /**
   * Credential sent as `Authorization: Bearer <value>`; the value may begin with `Bearer ` if its key is `Authorization`. The Secret must
   * be in the backend's namespace.
   *
   * @default - no credential
   */
  readonly auth?: SecretKey;
}

/** A host name, an IPv4 or an IPv6 address; a single colon would be a port. */
const HOST = /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|(?=.*:.*:)[0-9A-Fa-f:.]+)$/;

/** The key that is read when a reference names none. */
const DEFAULT_KEY = 'Authorization';

/** The target as it stands in the object. */
export const toMcpTarget = ({ name, host, port, path, protocol, tls, auth }: McpTargetProps): McpTarget => {
  const policies = {
    ...(tls === undefined ? {} : { tls: { ...tls } }),
    ...(auth === undefined
      ? {}
      : { auth: { secretRef: { name: auth.secret.name, ...(auth.key === DEFAULT_KEY ? {} : { key: auth.key }) } } }),
  };
  return {
    name,
    static: {
      host,
      port,
      ...(path === undefined ? {} : { path }),
      protocol: protocol ?? 'StreamableHTTP',
      ...(Object.keys(policies).length === 0 ? {} : { policies }),
    },
  };
};

/** What is wrong with a target beyond its schema. */
export const mcpTargetProblems = (target: McpTargetProps, namespace: string): readonly string[] => {
  const { name, host, path, auth } = target;
  const problems: string[] = [];
  if (!HOST.test(host)) {
    problems.push(`host ${JSON.stringify(host)} is no host name or IP address: leave out scheme, port and path`);
  }
  if (path !== undefined && !path.startsWith('/')) problems.push(`path ${JSON.stringify(path)} must begin with "/"`);
  if (auth !== undefined && auth.secret.namespace !== namespace) {
    problems.push(
      `auth: Secret ${namespacedName(auth.secret)} must be in the backend's namespace ${namespace}: a backend refers to a Secret by name only`,
    );
  }
  return problems.map((problem) => `target ${JSON.stringify(name)}: ${problem}`);
};
