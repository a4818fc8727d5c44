import type { HTTPRouteMatch } from '../../../lib/api/http-route.ts';
import { regexProblem } from '../regex.ts';

/** The first thing in a match that cannot be served: it must not be ignored. */
export const matchProblem = (match: HTTPRouteMatch, field: string): string | undefined => {
  const { type = 'PathPrefix', value = '/' } = match.path ?? {};
  if (type !== 'RegularExpression') {
    // Gateway API, HTTPPathMatch: the rules that the API server applies to Exact and PathPrefix.
    if (!value.startsWith('/')) return `${field}.path.value: ${JSON.stringify(value)} must begin with /`;
    const forbidden = /\/\/|\/\.\.?(?=\/|$)|%2[fF]|#/.exec(value);
    if (forbidden !== null) return `${field}.path.value: ${JSON.stringify(value)} must not hold ${forbidden[0]}`;
  }
  const expressions = [
    { field: `${field}.path.value`, type, value },
    ...(match.headers ?? []).map((item, index) => ({ field: `${field}.headers[${index}].value`, ...item })),
    ...(match.queryParams ?? []).map((item, index) => ({ field: `${field}.queryParams[${index}].value`, ...item })),
  ];
  for (const expression of expressions) {
    if (expression.type !== 'RegularExpression') continue;
    const problem = regexProblem(expression.value);
    if (problem !== undefined) {
      return `${expression.field}: regular expression ${JSON.stringify(expression.value)} is not supported: ${problem}`;
    }
  }
  return undefined;
};
