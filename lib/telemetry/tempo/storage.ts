import { namespacedName } from '../../api/kinds.ts';
import { type SecretKey, secretVariable } from '../../core/secret.ts';

/** Where blocks of traces are kept when not on a disk of the pod. Without keys, the cloud's own identity for workloads is used. */
export type ObjectStorage = S3Storage | GcsStorage | AzureStorage;

interface Bucket {
  readonly bucket: string;
  /**
   * Folder in the bucket.
   *
   * @default - the whole bucket is Tempo's
   */
  readonly prefix?: string;
}

export interface S3Storage extends Bucket {
  readonly kind: 's3';
  /** `host` or `host:port`, such as `s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string;
  /** @default - that of the endpoint */
  readonly region?: string;
  /**
   * Whether the endpoint is reached in plain text.
   *
   * @default false
   */
  readonly insecure?: boolean;
  /**
   * Whether the bucket stands in the path, as many servers other than Amazon's have it.
   *
   * @default false
   */
  readonly pathStyle?: boolean;
  /** @default - the identity of the ServiceAccount */
  readonly keys?: { readonly accessKeyId: SecretKey; readonly secretAccessKey: SecretKey };
}

export interface GcsStorage extends Bucket {
  readonly kind: 'gcs';
  /**
   * Key file of a service account, in JSON.
   *
   * @default - the identity of the ServiceAccount
   */
  readonly key?: SecretKey;
}

export interface AzureStorage {
  readonly kind: 'azure';
  readonly account: string;
  readonly container: string;
  /**
   * Folder in the container.
   *
   * @default - the whole container is Tempo's
   */
  readonly prefix?: string;
  /**
   * Key of the account.
   *
   * @default - the identity of the ServiceAccount (Microsoft Entra Workload ID)
   */
  readonly key?: SecretKey;
}

const CREDENTIALS_FOLDER = '/credentials';
const CREDENTIALS_FILE = 'key.json';

/** The backend in Tempo's configuration: no credentials, which come by environment and file. Source: Tempo 2.8, configuration reference. */
export const storageBackend = (storage: ObjectStorage) => {
  const prefix = storage.prefix === undefined ? {} : { prefix: storage.prefix };
  switch (storage.kind) {
    case 's3':
      return {
        backend: 's3',
        s3: {
          bucket: storage.bucket,
          ...prefix,
          endpoint: storage.endpoint,
          ...(storage.region === undefined ? {} : { region: storage.region }),
          ...(storage.insecure === undefined ? {} : { insecure: storage.insecure }),
          ...(storage.pathStyle === undefined ? {} : { forcepathstyle: storage.pathStyle }),
        },
      };
    case 'gcs':
      return { backend: 'gcs', gcs: { bucket_name: storage.bucket, ...prefix } };
    case 'azure':
      return {
        backend: 'azure',
        azure: {
          storage_account_name: storage.account,
          container_name: storage.container,
          ...prefix,
          ...(storage.key === undefined ? { use_federated_token: true } : {}),
        },
      };
  }
};

/** Environment of each container that reads or writes blocks, by the names that the clouds' own libraries know. */
export const storageEnvironment = (storage: ObjectStorage | undefined): readonly object[] => {
  switch (storage?.kind) {
    case 's3':
      return storage.keys === undefined
        ? []
        : [
            secretVariable('AWS_ACCESS_KEY_ID', storage.keys.accessKeyId),
            secretVariable('AWS_SECRET_ACCESS_KEY', storage.keys.secretAccessKey),
          ];
    case 'gcs':
      return storage.key === undefined
        ? []
        : [{ name: 'GOOGLE_APPLICATION_CREDENTIALS', value: `${CREDENTIALS_FOLDER}/${CREDENTIALS_FILE}` }];
    case 'azure':
      return storage.key === undefined ? [] : [secretVariable('AZURE_STORAGE_KEY', storage.key)];
    default:
      return [];
  }
};

/** Volumes of the pod, and where its container has them. */
export const storageVolumes = (storage: ObjectStorage | undefined) =>
  storage?.kind === 'gcs' && storage.key !== undefined
    ? {
        volumes: [
          {
            name: 'credentials',
            secret: {
              secretName: storage.key.secret.name,
              items: [{ key: storage.key.key, path: CREDENTIALS_FILE }],
            },
          },
        ],
        mounts: [{ name: 'credentials', mountPath: CREDENTIALS_FOLDER, readOnly: true }],
      }
    : { volumes: [], mounts: [] };

/** What the cloud asks pods to wear for its identities. Source: Microsoft Entra Workload ID. */
export const storageLabels = (storage: ObjectStorage | undefined): Readonly<Record<string, string>> =>
  storage?.kind === 'azure' && storage.key === undefined ? { 'azure.workload.identity/use': 'true' } : {};

export const storageProblems = (storage: ObjectStorage, namespace: string): readonly string[] => [
  ...Object.entries(requiredOf(storage)).flatMap(([field, value]) =>
    value.trim() === '' ? [`storage.${field} is empty`] : [],
  ),
  ...(storage.kind === 's3' && /:\/\//.test(storage.endpoint)
    ? [
        `storage.endpoint ${JSON.stringify(storage.endpoint)} has a scheme: write host or host:port, and insecure for http`,
      ]
    : []),
  ...secretsOf(storage)
    .filter(({ secret }) => secret.namespace !== namespace)
    .map(
      ({ secret }) =>
        `storage: Secret ${namespacedName(secret)} is out of reach: pods read Secrets of their own namespace ${namespace} only`,
    ),
];

const requiredOf = (storage: ObjectStorage): Readonly<Record<string, string>> => {
  switch (storage.kind) {
    case 's3':
      return { bucket: storage.bucket, endpoint: storage.endpoint };
    case 'gcs':
      return { bucket: storage.bucket };
    case 'azure':
      return { account: storage.account, container: storage.container };
  }
};

const secretsOf = (storage: ObjectStorage): readonly SecretKey[] => {
  if (storage.kind === 's3') return storage.keys === undefined ? [] : Object.values(storage.keys);
  return storage.key === undefined ? [] : [storage.key];
};
