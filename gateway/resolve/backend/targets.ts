import type { McpTarget, StaticBackend } from '../../../lib/api/agentgateway/backend.ts';
import type { Connection, ResolvedTarget } from '../resolved.ts';
import { type ConnectionFields, resolveConnection } from './connection.ts';
import type { BackendTlsContext } from './tls.ts';

/** Path of a Streamable HTTP target that names none. */
const DEFAULT_PATH = '/mcp';
/** Targets of one backend that are served. */
const MAX_TARGETS = 1;

/** Where to dial, and the target's own policies. */
export interface BaseTarget {
  readonly target: Omit<ResolvedTarget, keyof Connection>;
  readonly own: ConnectionFields;
}

/** A string: why the backend cannot be served. */
export const resolveTargets = (
  targets: readonly McpTarget[],
  namespace: string,
  context: BackendTlsContext,
): readonly BaseTarget[] | string => {
  if (targets.length > MAX_TARGETS) return `spec.mcp.targets: more than ${MAX_TARGETS} target is not supported`;
  const resolved: BaseTarget[] = [];
  for (const target of targets) {
    const result = resolveTarget(target, namespace, context);
    if (typeof result === 'string') return `target ${target.name}: ${result}`;
    resolved.push(result);
  }
  return resolved;
};

const resolveTarget = (
  { name, static: target }: McpTarget,
  namespace: string,
  context: BackendTlsContext,
): BaseTarget | string => {
  if (target === undefined) return 'selector is not supported, only static';
  const { host, port, path = DEFAULT_PATH, protocol = 'StreamableHTTP', policies } = target;
  if (protocol !== 'StreamableHTTP') return `protocol ${protocol} is not supported, only StreamableHTTP`;
  if (host === undefined) return 'backendRef is not supported, only host';
  if (!isHost(host)) return `host ${JSON.stringify(host)} is no host name or address`;
  if (!/^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/.test(path)) {
    return `path ${JSON.stringify(path)} must begin with / and hold no space, query or fragment`;
  }
  return { target: { name, host, port, path, protocol }, own: resolveConnection(policies, namespace, context) };
};

/** A backend of one address; `name` is its own. */
export const resolveStatic = ({ host, port, unixPath }: StaticBackend, name: string): BaseTarget | string => {
  const rest = { name, path: '/', protocol: 'HTTP' } as const;
  if (unixPath !== undefined) {
    // Linux, unix(7): sun_path holds 107 bytes and its end.
    if (!/^\/[^\0]{1,106}$/.test(unixPath)) return `unixPath ${JSON.stringify(unixPath)} is no absolute path`;
    return { target: { ...rest, host: 'localhost', port: 80, socketPath: unixPath }, own: {} };
  }
  if (host === undefined || port === undefined) return 'static needs host and port, or unixPath';
  if (!isHost(host)) return `host ${JSON.stringify(host)} is no host name or address`;
  return { target: { ...rest, host, port }, own: {} };
};

/** A DNS name, an IPv4 address or an IPv6 address without brackets. */
const isHost = (host: string): boolean =>
  /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*\.?$/.test(host) ||
  /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(host);
