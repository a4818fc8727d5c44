import {
  type ClusterConfig,
  ClusterConfigError,
  type Environment,
  type FileReader,
  readFile,
  readToken,
  serverUrl,
} from './access.ts';

/** Where the kubelet mounts a pod's service account. */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The configuration that every pod with a service account has.
 * @throws {ClusterConfigError} outside of a pod, or without a service account.
 */
export const inClusterConfig = async (env: Environment, fs: FileReader): Promise<ClusterConfig> => {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (!host || !port) {
    throw new ClusterConfigError(
      'not in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; --kubeconfig PATH names a cluster',
    );
  }
  const server = serverUrl(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, 'KUBERNETES_SERVICE_HOST');
  const access = async () => ({
    token: await readToken(fs, `${FOLDER}/token`),
    ca: await readFile(fs, `${FOLDER}/ca.crt`),
  });
  await access();
  return { server, namespace: (await readFile(fs, `${FOLDER}/namespace`)).trim(), access };
};
