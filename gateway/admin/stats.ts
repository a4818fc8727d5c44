import type { Page } from './pages.ts';

/** Renders all metrics in a format that suits an Accept field. */
export type RenderMetrics = (accept: string | undefined) => {
  readonly contentType: string;
  readonly body: AsyncIterable<string>;
};

/** Where scrapers look: the second path is that of Envoy-based gateways. */
const PATHS = ['/metrics', '/stats/prometheus'];

export const statsPages = (render: RenderMetrics): ReadonlyMap<string, (accept: string | undefined) => Page> => {
  const page = (accept: string | undefined): Page => {
    const { contentType, body } = render(accept);
    return { type: contentType, body };
  };
  return new Map(PATHS.map((path) => [path, page]));
};
