import type { IHTTPRouteMatch } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRouteMatch';
import { CelEvaluationError } from '../cel/expression.ts';
import { linearRegExp } from '../cel/regexp.ts';

/** Requests for this path and everything below it, by whole segments: `/mcp` matches `/mcp/x`, not `/mcpx`. */
export const pathPrefix = (value: string): IHTTPRouteMatch => ({ path: { type: 'PathPrefix', value } });

/** Requests for this very path. */
export const pathExact = (value: string): IHTTPRouteMatch => ({ path: { type: 'Exact', value } });

/** What is wrong with a match beyond its schema. Source: the CRD's validation rules for paths; regular expressions are RE2's. */
export const matchProblems = ({ path, headers = [], queryParams = [] }: IHTTPRouteMatch): readonly string[] => {
  const isLiteral = path?.type !== 'RegularExpression';
  const values = [...headers, ...queryParams].filter(({ type }) => type === 'RegularExpression');
  return [
    ...(isLiteral && path?.value?.startsWith('/') === false
      ? [`path ${JSON.stringify(path.value)} must begin with "/"`]
      : []),
    ...(isLiteral && path?.value?.includes('//') === true
      ? [`path ${JSON.stringify(path.value)} must not contain "//"`]
      : []),
    ...[isLiteral ? [] : [path.value ?? '/'], values.map(({ value }) => value)].flat().flatMap(regExpProblems),
  ];
};

const regExpProblems = (source: string): readonly string[] => {
  try {
    linearRegExp(source);
    return [];
  } catch (error) {
    if (!(error instanceof CelEvaluationError)) throw error;
    return [`${JSON.stringify(source)}: ${error.message}`];
  }
};
