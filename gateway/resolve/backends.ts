import type { AgentgatewayBackend, BackendAuth, McpTarget } from '../../lib/api/agentgateway.ts';
import { condition } from '../../lib/api/conditions.ts';
import type { Secret } from '../../lib/api/core.ts';
import { namespacedName } from '../../lib/api/kinds.ts';
import type { Credential } from '../upstream/target.ts';
import type { ResolvedBackend, ResolvedTarget } from './resolved.ts';
import type { ObjectStatus } from './status.ts';

/** Data key of a secretRef that names none, and the header that credentials go into unless `location` says otherwise. */
const DEFAULT_KEY = 'Authorization';
const DEFAULT_LOCATION = { name: 'authorization', prefix: 'Bearer ' };
/** Path of a Streamable HTTP target that names none. */
const DEFAULT_PATH = '/mcp';
/** Targets of one backend that are served. */
const MAX_TARGETS = 1;

export interface BackendResolution {
  /** By `namespace/name`. */
  readonly backends: ReadonlyMap<string, ResolvedBackend>;
  readonly statuses: readonly ObjectStatus[];
}

export const resolveBackends = (
  backends: readonly AgentgatewayBackend[],
  secrets: readonly Secret[],
): BackendResolution => {
  const secretsByName = new Map(secrets.map((secret) => [namespacedName(secret.metadata), secret]));
  const resolved = new Map<string, ResolvedBackend>();
  const statuses: ObjectStatus[] = [];
  for (const backend of backends) {
    const name = namespacedName(backend.metadata);
    const result = resolveTargets(backend, secretsByName);
    const generation = backend.metadata.generation ?? 1;
    const failed = typeof result === 'string';
    resolved.set(
      name,
      failed
        ? { type: 'invalid', name, reason: 'TranslationError', message: result }
        : { type: 'mcp', name, targets: result },
    );
    statuses.push({
      kind: 'AgentgatewayBackend',
      namespace: backend.metadata.namespace ?? '',
      name: backend.metadata.name,
      conditions: [
        failed
          ? condition('BackendTranslationError', generation, `failed to translate backend: ${result}`)
          : condition('BackendAccepted', generation),
      ],
    });
  }
  return { backends: resolved, statuses };
};

const resolveTargets = (
  { metadata, spec }: AgentgatewayBackend,
  secrets: ReadonlyMap<string, Secret>,
): readonly ResolvedTarget[] | string => {
  const { targets } = spec.mcp;
  if (targets.length > MAX_TARGETS) return `spec.mcp.targets: more than ${MAX_TARGETS} target is not supported`;
  const resolved: ResolvedTarget[] = [];
  for (const target of targets) {
    const result = resolveTarget(target, metadata.namespace ?? '', secrets);
    if (typeof result === 'string') return `target ${target.name}: ${result}`;
    resolved.push(result);
  }
  return resolved;
};

const resolveTarget = (
  { name, static: target }: McpTarget,
  namespace: string,
  secrets: ReadonlyMap<string, Secret>,
): ResolvedTarget | string => {
  const { host, port, path = DEFAULT_PATH, policies } = target;
  if (!isHost(host)) return `host ${JSON.stringify(host)} is no host name or address`;
  if (!/^\/[\x21\x22\x24-\x3e\x40-\x7e]*$/.test(path)) {
    return `path ${JSON.stringify(path)} must begin with / and hold no space, query or fragment`;
  }
  const auth = policies?.auth;
  const credential = auth === undefined ? undefined : resolveCredential(auth, namespace, secrets);
  if (typeof credential === 'string') return credential;
  const tls = policies?.tls;
  return {
    name,
    host,
    port,
    path,
    protocol: target.protocol ?? 'StreamableHTTP',
    tls: tls === undefined ? undefined : { sni: tls.sni ?? host },
    credentials: credential === undefined ? [] : [credential],
  };
};

/** Messages name the Secret and the key, never the value. */
const resolveCredential = (
  auth: BackendAuth,
  namespace: string,
  secrets: ReadonlyMap<string, Secret>,
): Credential | string => {
  const { name, prefix = '' } = auth.location?.header ?? DEFAULT_LOCATION;
  let value = auth.key;
  let source = 'auth.key';
  if (auth.secretRef !== undefined) {
    const { key = DEFAULT_KEY } = auth.secretRef;
    const secretName = `${namespace}/${auth.secretRef.name}`;
    const secret = secrets.get(secretName);
    if (secret === undefined) return `Secret ${secretName} not found`;
    value = Object.hasOwn(secret.data, key) ? secret.data[key] : undefined;
    if (value === undefined) return `Secret ${secretName} has no key ${JSON.stringify(key)}${otherKeys(secret)}`;
    source = `key ${JSON.stringify(key)} of Secret ${secretName}`;
    // The default key holds a whole header value as a rule: the scheme is taken off, and put on again below.
    if (key === DEFAULT_KEY) value = value.replace(/^\s*Bearer(\s+|$)/i, '');
  }
  const bare = (value ?? '').trim();
  if (bare === '') return `${source} is empty`;
  // RFC 9110 §5.5: visible ASCII, spaces and tabs; anything else could end the header.
  if (!/^[\t\x20-\x7e]*$/.test(bare)) return `${source} holds characters that a header cannot carry`;
  return { in: 'header', name: name.toLowerCase(), value: bare.startsWith(prefix) ? bare : `${prefix}${bare}` };
};

const otherKeys = ({ data }: Secret): string => {
  const names = Object.keys(data);
  return names.length === 0
    ? ', it is empty'
    : `, only ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
};

/** A DNS name, an IPv4 address or an IPv6 address without brackets. */
const isHost = (host: string): boolean =>
  /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.(?!-)[A-Za-z0-9_-]{1,63})*\.?$/.test(host) ||
  /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(host);
