import { bytesProblems } from './amounts.ts';

/** A disk that outlives its pod. */
export interface PersistenceProps {
  /** Of the volume, as a Kubernetes quantity. */
  readonly size: string;
  /**
   * StorageClass of the volume.
   *
   * @default - that of the cluster
   */
  readonly storageClass?: string;
}

/** Spec of a PersistentVolumeClaim. */
export const claimSpec = ({ size, storageClass }: PersistenceProps) => ({
  accessModes: ['ReadWriteOnce'],
  ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
  resources: { requests: { storage: size } },
});

/** `storage` of an object of the operator. Source: prometheus-operator, StorageSpec. */
export const operatorStorage = (props: PersistenceProps) => ({
  volumeClaimTemplate: { spec: claimSpec(props) },
});

export const persistenceProblems = (props: PersistenceProps | undefined, field: string): readonly string[] =>
  bytesProblems(props?.size, `${field}.size`);
