import { AGENTGATEWAY_BACKEND, type AgentgatewayBackend } from '../../../lib/api/agentgateway/backend.ts';
import { type BackendReason, condition, type ReferenceReason } from '../../../lib/api/conditions.ts';
import { KINDS, namespacedName } from '../../../lib/api/kinds.ts';
import { Once } from '../once.ts';
import type { BackendTlsPolicies } from '../policy/backend-tls.ts';
import type { Levels } from '../policy/levels.ts';
import type { ResolvedBackend, ResolvedTarget } from '../resolved.ts';
import { type ObjectStatus, withoutEffect } from '../status.ts';
import { type ConnectionFields, NO_FIELDS, resolveConnection, toConnection } from './connection.ts';
import type { Services } from './services.ts';
import { type BaseTarget, resolveStatic, resolveTargets } from './targets.ts';
import type { BackendTlsContext } from './tls.ts';

export interface BackendContext extends BackendTlsContext {
  readonly services: Services;
  /** Policies that target backends and Services. */
  readonly levels: Levels;
  readonly backendTls: BackendTlsPolicies;
}

/** A backend before the policies of a route come in. */
type Base =
  | {
      readonly type: 'mcp' | 'http';
      readonly kind: 'static';
      readonly targets: readonly BaseTarget[];
      readonly own: ConnectionFields;
    }
  | { readonly type: 'invalid'; readonly message: string };

/** All AgentgatewayBackends, and with `services` everything that a route can refer to. */
export class Backends {
  readonly #context: BackendContext;
  readonly #bases = new Map<string, Base>();
  /** By what is inherited, then by name: most rules inherit the same. */
  readonly #resolved = new Once<ConnectionFields, Once<string, ResolvedBackend>>();
  readonly #services = new Once<ConnectionFields, Once<string, ResolvedBackend>>();

  constructor(backends: readonly AgentgatewayBackend[], context: BackendContext) {
    this.#context = context;
    for (const backend of backends) this.#bases.set(namespacedName(backend.metadata), toBase(backend, context));
  }

  isMcp(name: string): boolean {
    return this.#bases.get(name)?.type === 'mcp';
  }

  /** @param inherited policies of the route and of what is above it */
  backend(name: string, inherited: ConnectionFields): ResolvedBackend {
    return this.#resolved.get(inherited, () => new Once()).get(name, () => this.#resolve(name, inherited));
  }

  #resolve(name: string, inherited: ConnectionFields): ResolvedBackend {
    const base = this.#bases.get(name);
    if (base === undefined) return invalid(name, 'BackendNotFound', `Backend not found: ${name}`);
    if (base.type === 'invalid') return invalid(name, 'TranslationError', base.message);
    const { levels } = this.#context;
    const kind = KINDS.AgentgatewayBackend.kind;
    const targets: ResolvedTarget[] = [];
    for (const { target, own } of base.targets) {
      const fields = {
        ...inherited,
        ...levels.connection(kind, name),
        ...(base.type === 'mcp' ? levels.connection(kind, name, target.name) : {}),
        ...base.own,
        ...own,
      };
      const connection = toConnection(fields, target.host);
      if (typeof connection === 'string') {
        const message = base.type === 'mcp' ? `target ${target.name}: ${connection}` : connection;
        return invalid(name, 'TranslationError', message);
      }
      targets.push({ ...target, ...connection });
    }
    return base.type === 'mcp'
      ? { type: 'mcp', name, targets }
      : { type: 'http', name, kind: base.kind, endpoints: targets };
  }

  /** A port of a Service, `undefined` if the reference names none. */
  service(namespace: string, name: string, port: number | undefined, inherited: ConnectionFields): ResolvedBackend {
    return this.#services
      .get(inherited, () => new Once())
      .get(`${namespace}/${name} ${port}`, () => this.#resolveService(namespace, name, port, inherited));
  }

  #resolveService(
    namespace: string,
    name: string,
    port: number | undefined,
    inherited: ConnectionFields,
  ): ResolvedBackend {
    const { services, levels, backendTls } = this.#context;
    const fullName = `${namespace}/${name}`;
    if (port === undefined) {
      return invalid(fullName, 'UnresolvedValue', `backendRef to Service ${fullName}: port is missing`);
    }
    const resolution = services.resolve(namespace, name, port);
    if (resolution.type === 'invalid') return invalid(fullName, resolution.reason, resolution.message);
    const kind = KINDS.Service.kind;
    const fields = {
      ...inherited,
      ...levels.connection(kind, fullName),
      ...levels.connection(kind, fullName, String(port)),
      ...backendTls.connection(fullName, port),
    };
    // Certificates of pods are made out to the Service's name, not to addresses.
    const connection = toConnection(fields, `${name}.${namespace}.svc.cluster.local`);
    if (typeof connection === 'string') return invalid(fullName, 'TranslationError', connection);
    const endpoints = resolution.endpoints.map(
      ({ host, port: own }): ResolvedTarget => ({
        name: fullName,
        host,
        port: own,
        path: '/',
        protocol: 'HTTP',
        ...connection,
      }),
    );
    return { type: 'http', name: fullName, kind: 'service', endpoints };
  }
}

/** What became of each AgentgatewayBackend. */
export const backendStatus = ({ metadata, spec }: AgentgatewayBackend, backends: Backends): ObjectStatus => {
  const { namespace = '', name, generation = 1 } = metadata;
  const resolved = backends.backend(namespacedName(metadata), NO_FIELDS);
  const unserved = withoutEffect(AGENTGATEWAY_BACKEND.properties.spec, spec, generation);
  return {
    kind: 'AgentgatewayBackend',
    namespace,
    name,
    conditions: [
      resolved.type === 'invalid'
        ? condition('BackendTranslationError', generation, `failed to translate backend: ${resolved.message}`)
        : condition('BackendAccepted', generation),
      ...(resolved.type === 'invalid' ? [] : unserved),
    ],
  };
};

const invalid = (name: string, reason: ReferenceReason | BackendReason, message: string): ResolvedBackend => ({
  type: 'invalid',
  name,
  reason,
  message,
});

/** Fields of a backend's spec of which one says what it is; the others are legal in the compatible system, and not served. */
const toBase = ({ metadata, spec }: AgentgatewayBackend, context: BackendContext): Base => {
  const namespace = metadata.namespace ?? '';
  const own = resolveConnection(spec.policies, namespace, context);
  if (spec.mcp !== undefined) {
    const targets = resolveTargets(spec.mcp.targets, namespace, context);
    return typeof targets === 'string'
      ? { type: 'invalid', message: targets }
      : { type: 'mcp', kind: 'static', targets, own };
  }
  if (spec.static !== undefined) {
    const target = resolveStatic(spec.static, namespacedName(metadata));
    return typeof target === 'string'
      ? { type: 'invalid', message: target }
      : { type: 'http', kind: 'static', targets: [target], own };
  }
  const type = Object.keys(spec).find((name) => name !== 'policies') ?? 'spec';
  return { type: 'invalid', message: `spec.${type} is not supported, only mcp and static` };
};
