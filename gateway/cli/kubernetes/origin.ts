import { createHash } from 'node:crypto';
import { CLUSTER_KINDS, GROUPS, KINDS } from '../../../lib/api/kinds.ts';
import { controllersOwn } from '../../../lib/workload/controller-name.ts';
import type { Configuration, Report } from '../../configuration.ts';
import type { Log } from '../../http/log.ts';
import { KubernetesClient } from '../../kubernetes/client.ts';
import type { ClusterConfig } from '../../kubernetes/config/access.ts';
import { inClusterConfig } from '../../kubernetes/config/in-cluster.ts';
import { kubeconfig, kubeconfigPaths } from '../../kubernetes/config/kubeconfig.ts';
import { isRecord } from '../../kubernetes/failure.ts';
import { Lease } from '../../kubernetes/lease.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { Reflector } from '../../kubernetes/reflector.ts';
import type { References } from '../../resolve/references.ts';
import type { ResolveOptions } from '../../resolve/resolve.ts';
import type { Source } from '../../source/event.ts';
import { KubernetesSource } from '../../source/kubernetes/source.ts';
import { StatusWriter } from '../../status/writer.ts';
import type { Host } from '../host.ts';
import type { KubernetesOptions } from '../options.ts';

/** In hexadecimal digits. */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The Lease whose holder writes statuses, for the controller with the usual name. */
export const STATUS_LEASE = 'tooltrail-status';

/** Where configuration is from, and what goes back there. */
export interface Origin {
  readonly source: Source;
  /** Reads what the Gateways lead to; undefined: everything is read anyway. Resolves when it has been handed on. */
  read(references: ReadonlyMap<string, References>): Promise<void> | undefined;
  onReport(report: Report): void;
  /** Changes are no longer followed, and no statuses written. */
  close(): Promise<void>;
}

/** The Kubernetes API as an origin. */
export interface KubernetesOrigin extends Origin {
  readonly client: KubernetesClient;
  /** Whether this process is the one that writes. */
  isLeader(): boolean;
}

/** @throws {ClusterConfigError} */
export const clusterConfig = (path: string | undefined, { env, fs }: Host): Promise<ClusterConfig> => {
  if (path !== undefined) return kubeconfig([path], fs);
  if (env.KUBECONFIG === undefined && env.KUBERNETES_SERVICE_HOST !== undefined) return inClusterConfig(env, fs);
  return kubeconfig(kubeconfigPaths(env), fs);
};

/** What resolving is told about a cluster. */
export class ClusterFacts {
  readonly #options: KubernetesOptions;
  /** Version of the Gateway API CRDs, once it is known. */
  bundleVersion: string | undefined;

  constructor(options: KubernetesOptions) {
    this.#options = options;
  }

  get resolve(): Partial<ResolveOptions> {
    const { gateway, controllerName } = this.#options;
    return {
      controllerName,
      standalone: false,
      sharedPorts: gateway === undefined,
      only: gateway,
      bundleVersion: this.bundleVersion,
    };
  }
}

/** The Kubernetes API as the origin of the configuration. */
export const kubernetesOrigin = (
  config: ClusterConfig,
  options: KubernetesOptions,
  facts: ClusterFacts,
  configuration: Configuration,
  host: Host,
  log: Log,
  onLead: () => void = () => {},
): KubernetesOrigin => {
  const { clock } = host;
  const client = new KubernetesClient(config, clock);
  const byName = options.gateway !== undefined && !options.writeStatus;
  const source = new KubernetesSource(
    {
      client,
      clock,
      ...(byName ? { byName: ['Secret', 'ConfigMap'] } : {}),
      ...(options.writeStatus ? { onStatus: (...object) => writing?.writer.onStored(...object) } : {}),
    },
    configuration,
  );
  const writing = options.writeStatus
    ? startWriting(client, options.controllerName, source, facts, configuration, host, log, onLead)
    : undefined;
  return {
    client,
    isLeader: () => writing?.isLeader() === true,
    source,
    read: (references) => {
      if (!byName) return undefined;
      const { secrets = [], configMaps = [] } = references.get(options.gateway ?? '') ?? {};
      return Promise.all([source.read('Secret', secrets), source.read('ConfigMap', configMaps)]).then(() => {});
    },
    onReport: ({ statuses }) => writing?.writer.report(statuses),
    close: async () => {
      source.close();
      await writing?.close();
      await client.close();
    },
  };
};

const startWriting = (
  client: KubernetesClient,
  controllerName: string,
  source: KubernetesSource,
  facts: ClusterFacts,
  configuration: Configuration,
  { clock, env, randomUuid }: Host,
  log: Log,
  onLead: () => void,
) => {
  const lease = new Lease({
    client,
    clock,
    namespace: env.POD_NAMESPACE ?? client.namespace,
    name: controllersOwn(STATUS_LEASE, controllerName, sha256),
    identity: `${env.POD_NAME ?? 'tooltrail'}_${randomUuid()}`,
    onChange: (held) => {
      log('info', held ? 'this process writes statuses' : 'this process no longer writes statuses');
      if (!held) return;
      writer.check();
      onLead();
    },
  });
  const writer = new StatusWriter({
    client,
    clock,
    log,
    controllerName,
    stored: (...object) => source.stored(...object),
    isLeader: () => lease.held,
  });
  const versions = followBundleVersion(client, clock, (version) => {
    facts.bundleVersion = version;
    configuration.refresh();
  });
  lease.start();
  return {
    writer,
    isLeader: () => lease.held,
    close: async () => {
      writer.close();
      await Promise.all([versions.close(), lease.release()]);
    },
  };
};

/** Annotation of the Gateway API's CRDs. */
const BUNDLE_VERSION = `${GROUPS.gateway}/bundle-version`;

const followBundleVersion = (
  client: KubernetesClient,
  clock: Host['clock'],
  onVersion: (version: string | undefined) => void,
): Reflector<string | undefined> => {
  const { group, plural } = KINDS.GatewayClass;
  const reflector = new Reflector<string | undefined>({
    client,
    clock,
    collection: { kind: CLUSTER_KINDS.CustomResourceDefinition, name: `${plural}.${group}` },
    listener: {
      read: ({ metadata }: ApiObject) => {
        const version = isRecord(metadata.annotations) ? metadata.annotations[BUNDLE_VERSION] : undefined;
        return typeof version === 'string' ? version : undefined;
      },
      onList: ([version]) => onVersion(version),
      onPut: (version) => onVersion(version),
      onDelete: () => onVersion(undefined),
      // Whoever may not read it does without.
      onState: () => {},
    },
  });
  reflector.start();
  return reflector;
};
