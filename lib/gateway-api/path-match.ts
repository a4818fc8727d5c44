import type { IHTTPRouteMatch } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRouteMatch';

/** Requests for this path and everything below it, by whole segments: `/mcp` matches `/mcp/x`, not `/mcpx`. */
export const pathPrefix = (value: string): IHTTPRouteMatch => ({ path: { type: 'PathPrefix', value } });

/** Requests for this very path. */
export const pathExact = (value: string): IHTTPRouteMatch => ({ path: { type: 'Exact', value } });
