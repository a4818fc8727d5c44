import type { HTTPRouteFilter } from '../../../lib/api/http-route.ts';
import type { TrafficPolicy } from '../../resolve/policy/traffic.ts';
import type { PathRewrite, Redirect, Rewrite } from '../rule-policy.ts';

type PathModifier = NonNullable<NonNullable<HTTPRouteFilter['urlRewrite']>['path']>;

/** @param prefix what the match that led here matched; empty for all */
const compilePath = (spec: PathModifier | undefined, prefix: string): PathRewrite | undefined => {
  if (spec === undefined) return undefined;
  return spec.type === 'ReplaceFullPath'
    ? { type: spec.type, value: spec.replaceFullPath ?? '/' }
    : { type: spec.type, prefix, value: spec.replacePrefixMatch ?? '/' };
};

/** Whether what becomes of a path depends on which prefix was matched. */
export const replacesPrefix = (filters: readonly HTTPRouteFilter[]): boolean =>
  filters.some(({ urlRewrite, requestRedirect }) =>
    [urlRewrite, requestRedirect].some((spec) => spec?.path?.type === 'ReplacePrefixMatch'),
  );

/** A filter of the route goes before a policy. */
export const compileRewrite = (
  filters: readonly HTTPRouteFilter[],
  { hostRewrite }: TrafficPolicy,
  prefix: string,
): Rewrite | undefined => {
  const spec = filters.find(({ urlRewrite }) => urlRewrite !== undefined)?.urlRewrite;
  const auto = hostRewrite?.spec.mode === 'Auto' ? 'auto' : undefined;
  const host = spec?.hostname === undefined ? auto : { name: spec.hostname };
  const path = compilePath(spec?.path, prefix);
  return host === undefined && path === undefined ? undefined : { host, path };
};

export const compileRedirect = (filters: readonly HTTPRouteFilter[], prefix: string): Redirect | undefined => {
  const spec = filters.find(({ requestRedirect }) => requestRedirect !== undefined)?.requestRedirect;
  if (spec === undefined) return undefined;
  const { scheme, hostname, port, statusCode = 302 } = spec;
  return { status: statusCode, scheme, hostname, port, path: compilePath(spec.path, prefix) };
};
