import { NO_CRDS } from './settings.ts';

const released = (repository: string, version: string, file: string) => ({
  version,
  url: `https://github.com/${repository}/releases/download/${version}/${file}`,
});

/**
 * Definitions of others that `dist/` needs, at the versions that it is tested with. Source: the releases of both projects.
 * The operator's are stripped of descriptions: whole, one of them is too long for an annotation that some tools keep.
 */
export const DEFINITIONS = {
  'Gateway API': released('kubernetes-sigs/gateway-api', 'v1.6.3', 'standard-install.yaml'),
  'Prometheus operator': released('prometheus-operator/prometheus-operator', 'v0.85.0', 'stripped-down-crds.yaml'),
} as const;

/** Where the definitions of others come from: their releases, a file or folder, or nowhere: they are there. */
export const sourcesOf = (asked: string | undefined): readonly string[] => {
  if (asked === undefined || asked === '') return Object.values(DEFINITIONS).map(({ url }) => url);
  return asked === NO_CRDS ? [] : [asked];
};
