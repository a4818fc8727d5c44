import type { CollectorSpec } from '../../../lib/api/agentgateway/frontend.ts';
import type { Service } from '../../../lib/api/core.ts';
import { KINDS } from '../../../lib/api/kinds.ts';
import type { Collector } from '../../telemetry/policy.ts';
import type { Backends } from '../backend/backends.ts';
import { type ConnectionFields, NO_FIELDS, toConnection } from '../backend/connection.ts';
import type { Grants } from '../grants.ts';
import type { Lookup } from '../lookup.ts';
import type { Connection } from '../resolved.ts';
import type { BackendTlsPolicies } from './backend-tls.ts';
import type { Levels } from './levels.ts';

/** Paths of OTLP/HTTP, as its specification has them. */
const DEFAULT_PATHS = { traces: '/v1/traces', logs: '/v1/logs' } as const;
/** Where Services have their names. */
const CLUSTER_DOMAIN = 'svc.cluster.local';

export interface CollectorContext {
  readonly services: Lookup<Service>;
  /** A Service that is declared nowhere is dialled by its name. */
  readonly standalone: boolean;
  /** Absent: no grants are asked for. */
  readonly grants: Grants | undefined;
  /** What policies say of Services. */
  readonly levels: Pick<Levels, 'connection'>;
  readonly backendTls: Pick<BackendTlsPolicies, 'connection'>;
  readonly resolvedBackends: Pick<Backends, 'backend'>;
}

/** A field of the tracing part and what is wrong with it. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
  /** Set when it may be referred to: what it lacks may come. */
  readonly refersTo?: string;
}

export interface ResolvedCollector {
  readonly collector: Collector;
  /** `Kind/namespace/name` of the object that stands for it; absent: it is given by its address. */
  readonly refersTo?: string;
}

/** Where a policy in this namespace sends its spans or log records. To be called when what policies say of backends is known. */
export const resolveCollector = (
  spec: CollectorSpec,
  signal: keyof typeof DEFAULT_PATHS,
  namespace: string,
  context: CollectorContext,
): ResolvedCollector | FieldProblem => {
  const { protocol = 'GRPC' } = spec;
  const path = spec.path ?? DEFAULT_PATHS[signal];
  if (spec.url === undefined) {
    const found = resolveReference(spec, namespace, context);
    if ('message' in found) return found;
    const { host, port, refersTo, connection } = found;
    const credentials = toHeaderFields(connection, protocol);
    if (typeof credentials === 'string')
      return { field: 'backendRef', message: `${refersTo.replace('/', ' ')}: ${credentials}`, refersTo };
    const { tls } = connection;
    return {
      collector: {
        ...{ protocol, host, port, path },
        ...(tls === undefined ? {} : { tls }),
        ...(credentials.length === 0 ? {} : { credentials }),
      },
      refersTo,
    };
  }
  const parts = /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[^/:[\]\s]+)(?::(\d{1,5}))?(\/\S*)?$/.exec(spec.url);
  const port = parts?.[3] === undefined ? undefined : Number(parts[3]);
  if (parts === null || port === 0 || (port ?? 0) > 65535) return { field: 'url', message: 'is not an address' };
  if (parts[4] !== undefined && spec.path !== undefined) return { field: 'path', message: 'is given by url already' };
  const secure = parts[1] === 'https';
  const host = (parts[2] ?? '').replace(/^\[(.*)\]$/, '$1');
  return {
    collector: {
      ...{ protocol, host, port: port ?? (secure ? 443 : 80), path: parts[4] ?? path },
      ...(secure ? { tls: { sni: host } } : {}),
    },
  };
};

interface Referred {
  readonly host: string;
  readonly port: number;
  readonly refersTo: string;
  readonly connection: Pick<Connection, 'tls' | 'credentials'>;
}

const resolveReference = (
  { backendRef }: CollectorSpec,
  policyNamespace: string,
  context: CollectorContext,
): Referred | FieldProblem => {
  const fail = (message: string): FieldProblem => ({ field: 'backendRef', message });
  if (backendRef === undefined) return fail('is missing');
  const { group = '', kind = 'Service', name, namespace = policyNamespace, port } = backendRef;
  const known = ([KINDS.Service, KINDS.AgentgatewayBackend] as const).find(
    (each) => each.group === group && each.kind === kind,
  );
  if (known === undefined) {
    const foreign = `${kind}${group === '' ? '' : ` of ${group}`}`;
    return fail(`InvalidKind: ${foreign} is not supported, only Service and AgentgatewayBackend`);
  }
  if (known === KINDS.Service && port === undefined) return fail(`port of Service ${namespace}/${name} is missing`);
  const reference = {
    from: { kind: KINDS.AgentgatewayPolicy, namespace: policyNamespace },
    to: { group, kind, namespace, name },
  };
  if (context.grants?.allows(reference) === false) {
    return fail(
      `RefNotPermitted: ${kind} ${namespace}/${name}: a ReferenceGrant in namespace ${namespace} for AgentgatewayPolicy of namespace ${policyNamespace} is missing`,
    );
  }
  const found =
    known === KINDS.Service
      ? resolveService(`${namespace}/${name}`, `${name}.${namespace}.${CLUSTER_DOMAIN}`, port ?? 0, context)
      : resolveBackend(`${namespace}/${name}`, context);
  const refersTo = `${kind}/${namespace}/${name}`;
  return typeof found === 'string' ? { ...fail(found), refersTo } : { ...found, refersTo };
};

const resolveService = (
  fullName: string,
  host: string,
  port: number,
  { services, standalone, levels, backendTls }: CollectorContext,
): Omit<Referred, 'refersTo'> | string => {
  const service = services.get(fullName);
  if (service === undefined && !standalone) return `BackendNotFound: Service ${fullName} not found`;
  if (service !== undefined && service.spec?.ports?.some((item) => item.port === port) !== true) {
    return `BackendNotFound: Service ${fullName} has no port ${port}`;
  }
  const fields: ConnectionFields = {
    ...levels.connection('Service', fullName),
    ...levels.connection('Service', fullName, String(port)),
    ...backendTls.connection(fullName, port),
  };
  const connection = toConnection(fields, host);
  return typeof connection === 'string' ? `Service ${fullName}: ${connection}` : { host, port, connection };
};

const resolveBackend = (
  fullName: string,
  { resolvedBackends }: CollectorContext,
): Omit<Referred, 'refersTo'> | string => {
  const backend = resolvedBackends.backend(fullName, NO_FIELDS);
  if (backend.type === 'invalid') return `${backend.reason}: ${backend.message}`;
  const [target] = backend.type === 'http' ? backend.endpoints : [];
  if (target === undefined || target.socketPath !== undefined) {
    return `InvalidKind: AgentgatewayBackend ${fullName} is no host and port, only static is supported`;
  }
  return { host: target.host, port: target.port, connection: target };
};

/** gRPC, "Requests": names of metadata; those that end in `-bin` hold bytes, those that begin with `grpc-` are its own. */
const METADATA_NAME = /^(?!grpc-)[0-9a-z_.-]+(?<!-bin)$/;
/** RFC 9110 §5.6.2. */
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** What the exporter writes by itself. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  ...['connection', 'content-encoding', 'content-length', 'content-type', 'host', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'user-agent'],
]);

/** A string: why credentials cannot be sent that way. */
const toHeaderFields = (
  { credentials }: Pick<Connection, 'credentials'>,
  protocol: Collector['protocol'],
): NonNullable<Collector['credentials']> | string => {
  const fields = new Map<string, string>();
  for (const { in: place, name, value } of credentials) {
    if (place === 'query') return 'auth.location.queryParameter is not supported for collectors';
    if (place === 'cookie') {
      const cookies = fields.get('cookie');
      fields.set('cookie', `${cookies === undefined ? '' : `${cookies}; `}${name}=${value}`);
      continue;
    }
    const legal = protocol === 'GRPC' ? METADATA_NAME : FIELD_NAME;
    if (!legal.test(name) || OWN_FIELDS.has(name)) {
      return `auth.location.header: ${JSON.stringify(name)} cannot be set over ${protocol}`;
    }
    fields.set(name, value);
  }
  return [...fields].map(([name, value]) => ({ name, value }));
};
