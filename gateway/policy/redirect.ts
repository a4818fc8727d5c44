import type { Redirect } from '../compile/rule-policy.ts';
import { hostOf } from '../route/host.ts';
import type { RequestFacts } from '../telemetry/record.ts';
import type { Answer } from './answer.ts';
import { replacePath } from './rewrite.ts';

const DEFAULT_PORT = { http: 80, https: 443 } as const;

/**
 * Gateway API, HTTPRequestRedirectFilter.
 * @param listenerPort as configured, wherever it is bound
 */
export const redirectAnswer = (redirect: Redirect, request: RequestFacts, listenerPort: number): Answer => ({
  status: redirect.status,
  headers: { location: locationOf(redirect, request, listenerPort) },
  body: '',
});

const locationOf = (redirect: Redirect, request: RequestFacts, listenerPort: number): string => {
  const scheme = redirect.scheme ?? request.scheme;
  const target = redirect.path === undefined ? request.target : replacePath(request.target, redirect.path);
  const path = target.startsWith('/') ? target : '/';
  const host = redirect.hostname ?? hostOf(request.host) ?? '';
  // HTTP/1.0 clients need not name a host (RFC 9112 §3.2): they are told the path alone.
  if (host === '') return path.replace(/^\/+/, '/');
  const port = redirect.port ?? (redirect.scheme === undefined ? listenerPort : DEFAULT_PORT[scheme]);
  return `${scheme}://${host}${port === DEFAULT_PORT[scheme] ? '' : `:${port}`}${path}`;
};
