import type { BackendPolicies } from '../../../lib/api/agentgateway/backend-policy.ts';
import type { Credential, TcpKeepAlive } from '../../upstream/target.ts';
import { milliseconds } from '../duration.ts';
import type { Connection } from '../resolved.ts';
import { resolveCredentials } from './credentials.ts';
import { type BackendTlsContext, type BackendTlsFields, resolveTls } from './tls.ts';

/** Fields of backend policies that are served, and those that guard a backend and are not: to go on without them would open it. */
export const CONNECTION_FIELDS = ['tls', 'auth', 'tcp', 'http'] as const;
const GUARDS = ['extAuth', 'tunnel'] as const;
const MCP_GUARDS = ['authorization', 'authentication', 'guardrails'] as const;

/** What one policy object, or one backend's own policies, say: each field with its value or why it has none. */
export interface ConnectionFields {
  readonly tls?: Field<BackendTlsFields>;
  readonly auth?: Field<readonly Credential[]>;
  readonly tcp?: Field<{ readonly connectTimeout: number | undefined; readonly keepAlive: TcpKeepAlive | undefined }>;
  readonly http?: Field<{ readonly requestTimeout: number | undefined }>;
  readonly guard?: Field<never>;
}

export type ConnectionFieldName = keyof ConnectionFields;
type Field<T> = { readonly value: T } | { readonly problem: string };

/** References are followed in the namespace of whoever holds the policies. */
export const resolveConnection = (
  policies: BackendPolicies | undefined,
  namespace: string,
  context: BackendTlsContext,
): ConnectionFields => {
  if (policies === undefined) return NO_FIELDS;
  const { tls, auth, tcp, http } = policies;
  const [guard] = connectionGuards(policies);
  return {
    ...(tls === undefined ? {} : { tls: field(resolveTls(tls, namespace, context)) }),
    ...(auth === undefined ? {} : { auth: resolveAuth(auth, namespace, context) }),
    ...(tcp === undefined ? {} : { tcp: { value: resolveTcp(tcp) } }),
    ...(http === undefined ? {} : { http: { value: { requestTimeout: optional(http.requestTimeout) } } }),
    ...(guard === undefined ? {} : { guard: { problem: `${guard} is not supported, and must not be left out` } }),
  };
};

export const NO_FIELDS: ConnectionFields = {};

const field = <T extends object>(result: T | string): Field<T> =>
  typeof result === 'string' ? { problem: result } : { value: result };

const resolveAuth = (
  auth: NonNullable<BackendPolicies['auth']>,
  namespace: string,
  { secrets }: BackendTlsContext,
): Field<readonly Credential[]> => {
  const served = ['key', 'secretRef', 'passthrough', 'location', 'credentials'];
  const foreign = Object.keys(auth).find((name) => !served.includes(name));
  if (foreign !== undefined) return { problem: `auth.${foreign} is not supported` };
  return field(resolveCredentials(auth, namespace, secrets));
};

const resolveTcp = ({ connectTimeout, keepalive }: NonNullable<BackendPolicies['tcp']>) => {
  const time = optional(keepalive?.time);
  return { connectTimeout: optional(connectTimeout), keepAlive: time === undefined ? undefined : { time } };
};

const optional = (duration: string | undefined): number | undefined =>
  duration === undefined ? undefined : milliseconds(duration);

/** Paths of the fields that make a backend unusable, because leaving them out would open it. */
export const connectionGuards = (policies: BackendPolicies): readonly string[] => {
  const { mcp } = policies;
  return [
    ...GUARDS.filter((name) => policies[name] !== undefined),
    ...(mcp === undefined ? [] : MCP_GUARDS.filter((name) => mcp[name] !== undefined).map((name) => `mcp.${name}`)),
  ];
};

/** Fields as a target at this host has them; a string: why it must not be dialled. */
export const toConnection = (fields: ConnectionFields, host: string): Connection | string => {
  for (const name of ['guard', ...CONNECTION_FIELDS] as const) {
    const found = fields[name];
    if (found !== undefined && 'problem' in found) return found.problem;
  }
  const tls = settingOf(fields.tls);
  const { connectTimeout, keepAlive } = settingOf(fields.tcp) ?? {};
  return {
    tls: tls === undefined ? undefined : withoutUndefined({ ...tls, sni: tls.sni ?? host }),
    credentials: settingOf(fields.auth) ?? [],
    ...withoutUndefined({ connectTimeout, keepAlive, requestTimeout: settingOf(fields.http)?.requestTimeout }),
  };
};

const settingOf = <T>(found: Field<T> | undefined): T | undefined =>
  found !== undefined && 'value' in found ? found.value : undefined;

/** Goldens and dumps show what is set, and nothing else. `verify: all` is what everybody expects. */
const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(
    Object.entries(value).filter(([name, item]) => item !== undefined && !(name === 'verify' && item === 'all')),
  ) as T;
