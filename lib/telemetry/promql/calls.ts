import type { Outcome } from '../../api/telemetry/outcomes.ts';
import { histogram, is, isNoneOf, type Label, type Matchers } from './series.ts';

/** Outcomes of a tool call that are nobody's fault: what a client took back, and what a policy refused as it was told to. */
const NO_FAILURE: readonly Outcome[] = ['ok', 'cancelled', 'denied'];

type CallLabel = Label<'serverOperation'>;
type CallMatchers = Matchers<'serverOperation'>;

const TOOL_CALLS = { mcp_method_name: is('tools/call') } as const satisfies CallMatchers;

export const FAILED = { outcome: isNoneOf(...NO_FAILURE) } as const satisfies CallMatchers;
export const DENIED = { outcome: is('denied') } as const satisfies CallMatchers;

/** Calls per second of each group. */
export const callRate = (by: readonly CallLabel[], window: string, matchers: CallMatchers = {}): string =>
  sumBy(by, `rate(${histogram('serverOperation', 'count', { ...TOOL_CALLS, ...matchers })}[${window}])`);

/** Calls of each group in the window. */
export const callCount = (by: readonly CallLabel[], window: string, matchers: CallMatchers = {}): string =>
  sumBy(by, `increase(${histogram('serverOperation', 'count', { ...TOOL_CALLS, ...matchers })}[${window}])`);

/** Part of the calls of each group that `some` selects, from 0 to 1; groups without such a call count 0. */
export const callRatio = (
  by: readonly CallLabel[],
  window: string,
  some: CallMatchers,
  all: CallMatchers = {},
): string => {
  const rate = callRate(by, window, all);
  return `(${callRate(by, window, { ...all, ...some })} or 0 * ${rate}) / ${rate}`;
};

/** Seconds within which that part of each group's calls ended. */
export const callQuantile = (
  quantile: number,
  by: readonly CallLabel[],
  window: string,
  matchers: CallMatchers = {},
): string => {
  const buckets = histogram('serverOperation', 'bucket', { ...TOOL_CALLS, ...matchers });
  return `histogram_quantile(${quantile}, ${sumBy([...by, 'le' as CallLabel], `rate(${buckets}[${window}])`)})`;
};

export const sumBy = (labels: readonly string[], expression: string): string =>
  labels.length === 0 ? `sum(${expression})` : `sum by (${labels.join(', ')}) (${expression})`;
