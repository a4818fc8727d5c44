import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';

/** Data of a ConfigMap: a file for each dashboard. */
export const dashboardFiles = (dashboards: readonly Dashboard[]): Readonly<Record<string, string>> =>
  Object.fromEntries(dashboards.map((dashboard) => [`${dashboard.uid}.json`, JSON.stringify(dashboard, undefined, 2)]));
