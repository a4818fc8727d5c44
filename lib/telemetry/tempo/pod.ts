import type { Component } from '../component.ts';
import { RESTRICTED, workload } from '../component.ts';
import { spread } from '../pods/availability.ts';
import { claimSpec, type PersistenceProps } from '../pods/persistence.ts';
import { goMemoryLimit, type ResourceProps, resourcesOf } from '../pods/resources.ts';
import { DATA_FOLDER } from './config.ts';
import { type ObjectStorage, storageEnvironment, storageLabels, storageVolumes } from './storage.ts';

/** What the pods of all components have in common. */
export interface PodOptions {
  readonly image: string;
  readonly config: string;
  /** Name of the ConfigMap, and of the ServiceAccount. */
  readonly owner: string;
  readonly storage: ObjectStorage | undefined;
  readonly priorityClassName: string | undefined;
}

/** What is its own. */
export interface WorkloadOptions {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly replicas: number;
  readonly resources: Required<ResourceProps>;
  readonly args: readonly string[];
  /** The one named `readiness` is asked whether the pod is ready. */
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly readiness: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly persistence?: PersistenceProps | undefined;
  /** Whether it reads or writes blocks. */
  readonly blocks: boolean;
  readonly stopSeconds?: number;
}

const CONFIG_FOLDER = '/conf';
/** The image's own user. */
const USER = 10001;

export const tempoWorkload = (component: Component, pod: PodOptions, own: WorkloadOptions) => {
  const storage = own.blocks ? pod.storage : undefined;
  const credentials = storageVolumes(storage);
  const object = workload(component, {
    kind: own.kind,
    user: USER,
    config: pod.config,
    pod: {
      serviceAccountName: pod.owner,
      ...(pod.priorityClassName === undefined ? {} : { priorityClassName: pod.priorityClassName }),
      ...spread(component, own.replicas),
      ...(own.stopSeconds === undefined ? {} : { terminationGracePeriodSeconds: own.stopSeconds }),
      containers: [
        {
          name: 'tempo',
          image: pod.image,
          imagePullPolicy: 'IfNotPresent',
          args: [`-config.file=${CONFIG_FOLDER}/tempo.yaml`, ...own.args],
          env: [...goMemoryLimit(own.resources.memoryLimit), ...storageEnvironment(storage)],
          ports: own.ports,
          readinessProbe: { httpGet: { path: '/ready', port: own.readiness }, periodSeconds: 5 },
          resources: resourcesOf(own.resources),
          securityContext: RESTRICTED,
          volumeMounts: [
            { name: 'config', mountPath: CONFIG_FOLDER, readOnly: true },
            { name: 'data', mountPath: DATA_FOLDER },
            ...credentials.mounts,
          ],
        },
      ],
      volumes: [
        { name: 'config', configMap: { name: pod.owner } },
        ...(own.persistence === undefined ? [{ name: 'data', emptyDir: {} }] : []),
        ...credentials.volumes,
      ],
    },
  });
  const { template } = object.spec;
  const labels = { ...template.metadata.labels, ...storageLabels(storage), ...own.labels };
  return {
    ...object,
    spec: {
      ...object.spec,
      replicas: own.replicas,
      template: { ...template, metadata: { ...template.metadata, labels } },
      ...(own.persistence === undefined ? {} : { volumeClaimTemplates: [claim(own.persistence)] }),
    },
  };
};

const claim = (props: PersistenceProps) => ({ metadata: { name: 'data' }, spec: claimSpec(props) });
