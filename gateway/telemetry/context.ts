import type { CelContext, CelExpression } from '../../lib/cel/expression.ts';
import type { CelRoot } from '../../lib/cel/roots.ts';
import { argumentsValue, resultValue } from './capture/captured.ts';
import type { NamedExpression } from './policy.ts';
import type { RequestFacts, RequestRecord } from './record.ts';

/** What expressions may read of the process that the gateway runs in. */
export interface EnvironmentFacts {
  readonly podName?: string | undefined;
  readonly namespace?: string | undefined;
}

interface Source {
  readonly request: RequestFacts;
  /** Absent while sampling is decided: before routing. */
  readonly record: RequestRecord | undefined;
  readonly environment: EnvironmentFacts;
}

type Field = (source: Source) => unknown;

/** A field whose parts cost something: they are built only when the expressions read them. */
type FieldFor = (reads: (path: string) => boolean) => Field;

/** The request's side of the table below is there from the start, the rest once there is a record of it. */
const PRESENT: Partial<Record<CelRoot, (source: Source) => boolean>> = {
  request: () => true,
  response: ({ record }) => record !== undefined,
  proxy: ({ record }) => record !== undefined,
  env: () => true,
  source: () => true,
  destination: ({ record }) => (record?.upstreamCalls.length ?? 0) > 0,
  mcp: ({ record }) => record?.mcp !== undefined,
  backend: ({ record }) => record?.backend !== undefined,
};

/** Every variable that has a value here, in the terms of the compatible system; integers are bigint. Undefined: not there. */
const VARIABLES: Partial<Record<CelRoot, Readonly<Record<string, Field>>>> = {
  request: {
    method: ({ request }) => request.method,
    uri: ({ request }) => `${request.scheme}://${request.host}${request.target}`,
    host: ({ request }) => hostname(request.host),
    scheme: ({ request }) => request.scheme,
    path: ({ request }) => request.target.split('?', 1)[0],
    pathAndQuery: ({ request }) => request.target,
    version: ({ request }) => `HTTP/${request.httpVersion}`,
    headers: ({ request }) => headerMap(request.headers),
    body: ({ request }) => request.body,
    startTime: ({ record }) => record && new Date(record.startTime),
    endTime: ({ record }) => record && new Date(record.endTime),
  },
  response: {
    code: ({ record }) => (record === undefined ? undefined : BigInt(record.response.status)),
    headers: ({ record }) => record && headerMap(record.response.headers),
  },
  proxy: {
    bind: ({ record }) => record?.labels.bind,
    gateway: ({ record }) => namespaced(record?.labels.gateway),
    listener: ({ record }) => record && { name: record.labels.listener },
    route: ({ record }) => {
      const route = namespaced(record?.labels.route);
      const rule = record?.labels.routeRule;
      return route && { ...route, kind: 'HTTPRoute', ...(rule === undefined ? {} : { rule }) };
    },
  },
  env: {
    podName: ({ environment }) => environment.podName,
    namespace: ({ environment }) => environment.namespace,
    gateway: ({ record }) => namespaced(record?.labels.gateway)?.name,
  },
  source: {
    address: ({ request }) => request.remoteAddress,
    port: ({ request }) => BigInt(request.remotePort),
    rawAddress: ({ request }) => request.remoteAddress,
    rawPort: ({ request }) => BigInt(request.remotePort),
  },
  destination: {
    address: ({ record }) => record?.upstreamCalls.at(-1)?.host,
    hostname: ({ record }) => record?.upstreamCalls.at(-1)?.host,
    port: ({ record }) => {
      const port = record?.upstreamCalls.at(-1)?.port;
      return port === undefined ? undefined : BigInt(port);
    },
  },
  mcp: {
    methodName: ({ record }) => record?.mcp?.method,
    sessionId: ({ record }) => record?.mcp?.sessionId,
    prompt: ({ record }) => named(record, 'prompt'),
    resource: ({ record }) => named(record, 'resource'),
    task: ({ record }) => named(record, 'task'),
  },
  backend: {
    name: ({ record }) => record?.backend?.name,
    type: ({ record }) => record?.backend?.type,
    protocol: ({ record }) => record?.backend?.protocol,
  },
};

const COSTLY: Partial<Record<CelRoot, Readonly<Record<string, FieldFor>>>> = {
  mcp: {
    tool: (read) => {
      const parts = { arguments: read('tool.arguments'), result: read('tool.result') };
      return ({ record }) => tool(record, parts);
    },
  },
};

interface PlannedRoot {
  readonly root: string;
  readonly present: (source: Source) => boolean;
  readonly fields: readonly (readonly [name: string, field: Field])[];
}

/** The variables that a set of expressions reads: worked out once, then built for each request. */
export class ContextPlan {
  readonly #roots: readonly PlannedRoot[];

  constructor(expressions: Iterable<CelExpression>) {
    const references = new Set([...expressions].flatMap((expression) => [...expression.references]));
    this.#roots = Object.entries(VARIABLES).flatMap(([root, fields]) => {
      const read = (path: string): boolean => reads(references, root, path);
      const costly = Object.entries(COSTLY[root as CelRoot] ?? {}).map(([name, field]) => [name, field(read)] as const);
      const used = [...references].some((path) => path === root || path.startsWith(`${root}.`));
      const planned = [...Object.entries(fields), ...costly].filter(([name]) => read(name));
      return used ? [{ root, present: PRESENT[root as CelRoot] ?? (() => false), fields: planned }] : [];
    });
  }

  build(request: RequestFacts, record: RequestRecord | undefined, environment: EnvironmentFacts): CelContext {
    const source = { request, record, environment };
    const context: Record<string, unknown> = {};
    for (const { root, present, fields } of this.#roots) {
      if (!present(source)) continue;
      const values: Record<string, unknown> = {};
      for (const [name, field] of fields) {
        const value = field(source);
        if (value !== undefined) values[name] = value;
      }
      context[root] = values;
    }
    return context;
  }
}

/** Whether the variable `root.name`, or a part of it, or it as a part, is read. */
export const reads = (references: ReadonlySet<string>, root: string, name: string): boolean => {
  const path = `${root}.${name}`;
  for (const reference of references) {
    if (reference === path || reference.startsWith(`${path}.`) || path.startsWith(`${reference}.`)) return true;
  }
  return false;
};

export const expressionsOf = (named: readonly NamedExpression[]): CelExpression[] =>
  named.map(({ expression }) => expression);

export const optional = (expression: CelExpression | undefined): CelExpression[] =>
  expression === undefined ? [] : [expression];

/** Authority without its port. */
export const hostname = (authority: string): string => authority.replace(/:\d*$/, '');

const namespaced = (name: string | undefined): { readonly namespace: string; readonly name: string } | undefined => {
  if (name === undefined) return undefined;
  const slash = name.indexOf('/');
  return { namespace: name.slice(0, Math.max(0, slash)), name: name.slice(slash + 1) };
};

const named = (record: RequestRecord | undefined, type: string) => {
  const mcp = record?.mcp;
  if (mcp?.resourceType !== type) return undefined;
  return {
    ...(mcp.target === undefined ? {} : { target: mcp.target }),
    ...(mcp.name === undefined ? {} : { name: mcp.name }),
  };
};

const tool = (record: RequestRecord | undefined, parts: { readonly arguments: boolean; readonly result: boolean }) => {
  const mcp = record?.mcp;
  const about = named(record, 'tool');
  if (mcp === undefined || about === undefined) return undefined;
  const result = parts.result && mcp.result !== undefined ? resultValue(mcp.result) : undefined;
  return {
    ...about,
    ...(!parts.arguments || mcp.arguments === undefined ? {} : { arguments: argumentsValue(mcp) }),
    ...(result === undefined ? {} : { result }),
    ...(mcp.errorCode === undefined
      ? {}
      : { error: { code: BigInt(Math.trunc(mcp.errorCode)), message: mcp.errorMessage ?? '' } }),
  };
};

/** Header names are found in any case (RFC 9110 §5.1); the engine takes it for a Map by its constructor. */
class HeaderMap extends Map<string, string | string[]> {
  override get(name: string): string | string[] | undefined {
    return super.get(typeof name === 'string' ? name.toLowerCase() : name);
  }
}
Object.defineProperty(HeaderMap.prototype, 'constructor', { value: Map });

const headerMap = (headers: Readonly<Record<string, string | string[] | number | undefined>>): HeaderMap => {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name.toLowerCase(), typeof value === 'number' ? String(value) : value);
  }
  return map;
};
