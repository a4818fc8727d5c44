import type { Page } from './pages.ts';

/** Renders all metrics, with the content type of their format. */
export type RenderMetrics = () => Promise<{ readonly contentType: string; readonly body: string }>;

/** Where scrapers look: the second path is that of Envoy-based gateways. */
const PATHS = ['/metrics', '/stats/prometheus'];

export const statsPages = (render: RenderMetrics): ReadonlyMap<string, () => Promise<Page>> => {
  const page = async (): Promise<Page> => {
    const { contentType, body } = await render();
    return { type: contentType, body };
  };
  return new Map(PATHS.map((path) => [path, page]));
};
