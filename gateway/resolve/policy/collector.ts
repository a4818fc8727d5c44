import type { CollectorSpec } from '../../../lib/api/agentgateway/frontend.ts';
import type { Service } from '../../../lib/api/core.ts';
import { KINDS } from '../../../lib/api/kinds.ts';
import type { Collector } from '../../telemetry/policy.ts';
import type { Grants } from '../grants.ts';
import type { Lookup } from '../lookup.ts';

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
}

/** A field of the tracing part and what is wrong with it. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** Where a policy in this namespace sends its spans or log records. */
export const resolveCollector = (
  spec: CollectorSpec,
  signal: keyof typeof DEFAULT_PATHS,
  namespace: string,
  context: CollectorContext,
): Collector | FieldProblem => {
  const { protocol = 'GRPC' } = spec;
  const path = spec.path ?? DEFAULT_PATHS[signal];
  if (spec.url === undefined) {
    const address = resolveService(spec, namespace, context);
    return 'message' in address ? address : { protocol, ...address, tls: false, path };
  }
  const parts = /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[^/:[\]\s]+)(?::(\d{1,5}))?(\/\S*)?$/.exec(spec.url);
  const port = parts?.[3] === undefined ? undefined : Number(parts[3]);
  if (parts === null || port === 0 || (port ?? 0) > 65535) return { field: 'url', message: 'is not an address' };
  if (parts[4] !== undefined && spec.path !== undefined) return { field: 'path', message: 'is given by url already' };
  const tls = parts[1] === 'https';
  const host = (parts[2] ?? '').replace(/^\[(.*)\]$/, '$1');
  return { protocol, host, port: port ?? (tls ? 443 : 80), tls, path: parts[4] ?? path };
};

const resolveService = (
  { backendRef }: CollectorSpec,
  policyNamespace: string,
  { services, standalone, grants }: CollectorContext,
): { readonly host: string; readonly port: number } | FieldProblem => {
  const fail = (message: string): FieldProblem => ({ field: 'backendRef', message });
  if (backendRef === undefined) return fail('is missing');
  const { group = '', kind = 'Service', name, namespace = policyNamespace, port } = backendRef;
  if (group !== '' || kind !== 'Service') {
    return fail(`InvalidKind: ${kind}${group === '' ? '' : ` of ${group}`} is not supported, only Service`);
  }
  if (port === undefined) return fail(`port of Service ${namespace}/${name} is missing`);
  const reference = {
    from: { kind: KINDS.AgentgatewayPolicy, namespace: policyNamespace },
    to: { group, kind, namespace, name },
  };
  if (grants?.allows(reference) === false) {
    return fail(
      `RefNotPermitted: Service ${namespace}/${name}: a ReferenceGrant in namespace ${namespace} for AgentgatewayPolicy of namespace ${policyNamespace} is missing`,
    );
  }
  const service = services.get(`${namespace}/${name}`);
  if (service === undefined && !standalone) return fail(`BackendNotFound: Service ${namespace}/${name} not found`);
  if (service !== undefined && service.spec?.ports?.some((item) => item.port === port) !== true) {
    return fail(`BackendNotFound: Service ${namespace}/${name} has no port ${port}`);
  }
  return { host: `${name}.${namespace}.${CLUSTER_DOMAIN}`, port };
};
