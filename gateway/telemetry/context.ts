import type { CelContext, CelExpression } from '../../lib/cel/expression.ts';
import { durationOfMilliseconds } from '../../lib/cel/functions/time.ts';
import { headerMap } from '../../lib/cel/headers.ts';
import { fromJson } from '../../lib/cel/json.ts';
import { readsPath } from '../../lib/cel/references.ts';
import type { CelField, CelRoot } from '../../lib/cel/roots.ts';
import { argumentsValue, resultValue } from './capture/captured.ts';
import { MAX_KEPT_BYTES } from './kept.ts';
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
interface FieldFor {
  readonly plan: (reads: (part: string) => boolean) => Field;
}

/** The fields of each variable that this gateway has a value for; all are declared in the table of variables. */
type Fields = { readonly [Root in CelRoot]?: { readonly [Name in CelField<Root>]?: Field | FieldFor } };

/** The request's side of the table below is there from the start, the rest once there is a record of it, or an end. */
const PRESENT: Partial<Record<CelRoot, (source: Source) => boolean>> = {
  request: () => true,
  response: ({ record }) => record !== undefined && record.response.status !== 0,
  proxy: ({ record }) => record !== undefined,
  env: () => true,
  source: () => true,
  destination: ({ record }) => (record?.upstreamCalls.length ?? 0) > 0,
  mcp: ({ record }) => record?.mcp !== undefined,
  backend: ({ record }) => record?.backend !== undefined,
};

const hasEnded = (record: RequestRecord | undefined): record is RequestRecord => record?.outcome !== undefined;

/** Every variable that has a value here, in the terms of the compatible system; integers are bigint. Undefined: not there. */
const VARIABLES = {
  request: {
    method: ({ request }) => request.method,
    uri: ({ request }) => `${request.scheme}://${request.host}${request.target}`,
    host: ({ request }) => hostname(request.host),
    scheme: ({ request }) => request.scheme,
    path: ({ request }) => request.target.split('?', 1)[0],
    pathAndQuery: ({ request }) => request.target,
    version: ({ request }) => `HTTP/${request.httpVersion}`,
    headers: ({ request }) => headerMap(Object.entries(request.headers)),
    body: ({ request, record }) => (hasEnded(record) ? request.kept?.body : undefined),
    bodyPrefix: ({ request, record }) => (hasEnded(record) ? request.kept?.prefix : undefined),
    startTime: ({ record }) => record && new Date(record.startTime),
    endTime: ({ record }) => (hasEnded(record) ? new Date(record.endTime) : undefined),
  },
  response: {
    code: ({ record }) => record && BigInt(record.response.status),
    headers: ({ record }) => record && headerMap(Object.entries(record.response.headers)),
    body: ({ record }) => (hasEnded(record) ? record.response.kept?.body : undefined),
    bodyPrefix: ({ record }) => (hasEnded(record) ? record.response.kept?.prefix : undefined),
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
    requestProcessingDuration: ({ record }) => phases(record)?.request,
    upstreamDuration: ({ record }) => phases(record)?.upstream,
    responseProcessingDuration: ({ record }) => phases(record)?.response,
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
    tool: {
      plan: (read) => {
        const parts = { arguments: read('arguments'), result: read('result') };
        return ({ request, record }) => tool(request, record, parts);
      },
    },
    prompt: ({ record }) => named(record, 'prompt'),
    resource: ({ record }) => named(record, 'resource'),
    task: ({ record }) => named(record, 'task'),
  },
  backend: {
    name: ({ record }) => record?.backend?.name,
    type: ({ record }) => record?.backend?.type,
    protocol: ({ record }) => record?.backend?.protocol,
  },
} satisfies Fields;

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
      if (!readsPath(references, root)) return [];
      const planned = Object.entries<Field | FieldFor>(fields)
        .filter(([name]) => readsPath(references, `${root}.${name}`))
        .map(([name, field]) => {
          const read = (part: string): boolean => readsPath(references, `${root}.${name}.${part}`);
          return [name, typeof field === 'function' ? field : field.plan(read)] as const;
        });
      return [{ root, present: PRESENT[root as CelRoot] ?? (() => false), fields: planned }];
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

/** Where the time went, once it is over: before the first call of an upstream, until its answer began, and after that. */
const phases = (record: RequestRecord | undefined) => {
  const [call] = record?.upstreamCalls ?? [];
  if (!hasEnded(record) || call === undefined) return undefined;
  const answered = call.headersTime ?? call.endTime;
  const between = (from: number, to: number) => durationOfMilliseconds(Math.max(0, to - from));
  return {
    request: between(record.startTime, call.startTime),
    upstream: between(call.startTime, answered),
    response: between(answered, record.endTime),
  };
};

const tool = (
  request: RequestFacts,
  record: RequestRecord | undefined,
  parts: { readonly arguments: boolean; readonly result: boolean },
) => {
  const mcp = record?.mcp;
  const about = named(record, 'tool');
  if (mcp === undefined || about === undefined) return undefined;
  const result = parts.result && mcp.result !== undefined ? fromJson(resultValue(mcp.result)) : undefined;
  const hasArguments = parts.arguments && mcp.arguments !== undefined && request.bytes <= MAX_KEPT_BYTES;
  return {
    ...about,
    ...(hasArguments ? { arguments: fromJson(argumentsValue(mcp)) } : {}),
    ...(result === undefined ? {} : { result }),
    ...(mcp.errorCode === undefined
      ? {}
      : { error: { code: BigInt(Math.trunc(mcp.errorCode)), message: mcp.errorMessage ?? '' } }),
  };
};
