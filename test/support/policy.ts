import type { HeaderModifier, RulePolicy, Transformation } from '../../gateway/compile/rule-policy.ts';
import type { Forward } from '../../gateway/exchange.ts';
import { compileCel } from '../../lib/cel/compile.ts';
import type { CelExpression } from '../../lib/cel/expression.ts';

/** A policy that does nothing but what it is told to. */
export const aPolicy = (overrides: Partial<RulePolicy> = {}): RulePolicy => ({
  refusal: undefined,
  cors: undefined,
  authorization: [],
  rateLimits: [],
  directResponse: [],
  redirect: undefined,
  requestHeaders: [],
  requestTransformation: [],
  rewrite: undefined,
  timeouts: { request: undefined, backendRequest: undefined },
  retry: undefined,
  responseTransformation: [],
  responseHeaders: [],
  ...overrides,
});

/** One alternative without condition. */
export const always = <T>(value: T): readonly [{ readonly condition: undefined; readonly value: T }] => [
  { condition: undefined, value },
];

export const aModifier = (overrides: Partial<HeaderModifier> = {}): HeaderModifier => ({
  set: [],
  add: [],
  remove: [],
  ...overrides,
});

/** Names and the expressions of their values. */
export const aTransformation = (
  set: Readonly<Record<string, string>>,
  overrides: Partial<Transformation> = {},
): Transformation => ({
  set: Object.entries(set).map(([name, source]) => ({ name, value: compileCel(source) })),
  add: [],
  remove: [],
  ...overrides,
});

/** What the engine does with an expression that cannot be evaluated: a variable that is never there. */
export const FAILING: CelExpression = compileCel('jwt.sub == "x"');

/** A request on its way to its backend. */
export const aForward = (overrides: Partial<Forward> = {}): Forward => ({
  method: 'POST',
  target: '/mcp?a=b',
  headers: ['Host', 'gateway.example', 'X-First', '1'],
  host: undefined,
  requestTimeout: undefined,
  backendTimeout: undefined,
  retry: undefined,
  ...overrides,
});
