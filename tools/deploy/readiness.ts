import type { Manifest } from './manifests.ts';

/** Arguments of kubectl that wait until an object is as it should be; nothing for kinds that just are. */
export const readinessOf = ({ kind, metadata: { name, namespace } }: Manifest): readonly string[] | undefined => {
  const where = namespace === undefined ? [] : ['-n', namespace];
  const condition = CONDITIONS[kind];
  if (condition !== undefined)
    return ['wait', `--for=condition=${condition.type}`, `${condition.resource}/${name}`, ...where];
  if (!WORKLOADS.includes(kind)) return undefined;
  return ['rollout', 'status', `${kind.toLowerCase()}/${name}`, ...where];
};

const WORKLOADS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

const CONDITIONS: Readonly<Record<string, { readonly resource: string; readonly type: string }>> = {
  CustomResourceDefinition: { resource: 'crd', type: 'Established' },
  Gateway: { resource: 'gateways.gateway.networking.k8s.io', type: 'Programmed' },
  Job: { resource: 'job', type: 'Complete' },
  Prometheus: { resource: 'prometheuses.monitoring.coreos.com', type: 'Available' },
  Alertmanager: { resource: 'alertmanagers.monitoring.coreos.com', type: 'Available' },
};
