import { ApiObject, Lazy, Yaml } from 'cdk8s';
import { ConfigMap, ServiceAccount } from 'cdk8s-plus-30';
import { Construct } from 'constructs';
import { KINDS, namespacedName } from '../../api/kinds.ts';
import { VERSION } from '../../core/version.ts';
import type { Gateway } from '../../gateway-api/gateway.ts';
import { servicePorts } from '../../workload/pod.ts';
import { gatewayDocuments, gatewayObjects } from './objects.ts';
import { deploymentSpec, listenerPorts, type PodProps, podLabels, podSelector } from './pod.ts';
import { secretVariables } from './secret-variables.ts';

export interface GatewayWorkloadProps {
  /** The Gateway to serve; the objects are named after it and stand in its namespace. */
  readonly gateway: Gateway;
  /**
   * Image of the gateway; its entrypoint is `tooltrail`.
   *
   * @default - `tooltrail/tooltrail:<version of this package>`
   */
  readonly image?: string;
  /**
   * Pods. More than one need the Secret `<gateway>-session-key` (key `key`: 64 hexadecimal digits), so that each can continue the sessions
   * of the others.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * Type of the Service in front.
   *
   * @default 'LoadBalancer'
   */
  readonly serviceType?: 'LoadBalancer' | 'NodePort' | 'ClusterIP';
}

/** A ConfigMap holds at most 1 MiB. Source: Kubernetes, ConfigMap. */
const CONFIG_BYTES = 1024 * 1024;
/** Services are DNS labels that begin with a letter. Source: RFC 1035, Kubernetes Service. */
const SERVICE_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Name of the file in the ConfigMap. */
const CONFIG_FILE = 'objects.yaml';

/**
 * The gateway's own runtime: Deployment, Service, ServiceAccount, and a ConfigMap with the objects that the Gateway's routes and policies
 * lead to. The pods follow changes of the ConfigMap; after a Secret has changed they have to be restarted.
 */
export class GatewayWorkload extends Construct {
  /** The Deployment, for what the properties do not cover (`addJsonPatch`). */
  readonly deployment: ApiObject;
  /** The Service, likewise. */
  readonly service: ApiObject;

  constructor(scope: Construct, id: string, props: GatewayWorkloadProps) {
    super(scope, id);
    const { gateway } = props;
    const metadata = { name: gateway.name, namespace: gateway.namespace, labels: podLabels(gateway) };
    const pod = (): PodProps => ({
      gateway,
      image: props.image ?? `tooltrail/tooltrail:${VERSION}`,
      replicas: props.replicas ?? 1,
      variables: secretVariables(gatewayObjects(gateway).secretKeys),
    });
    const config = (): string => Yaml.stringify(...gatewayDocuments(gateway));
    new ServiceAccount(this, 'ServiceAccount', { metadata, automountToken: false });
    new ConfigMap(this, 'ConfigMap', { metadata, data: { [CONFIG_FILE]: Lazy.any({ produce: config }) } });
    this.deployment = new ApiObject(this, 'Deployment', {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: Lazy.any({ produce: () => deploymentSpec(pod()) }),
    });
    this.service = new ApiObject(this, 'Service', {
      apiVersion: 'v1',
      kind: KINDS.Service.kind,
      metadata,
      spec: {
        type: props.serviceType ?? 'LoadBalancer',
        selector: podSelector(gateway),
        ports: Lazy.any({ produce: () => servicePorts(listenerPorts(gateway)) }),
      },
    });
    this.node.addValidation({ validate: () => [...workloadProblems(props, config)] });
  }
}

const workloadProblems = ({ gateway, replicas = 1 }: GatewayWorkloadProps, config: () => string): readonly string[] => {
  const bytes = Buffer.byteLength(config());
  return [
    ...(SERVICE_NAME.test(gateway.name)
      ? []
      : [
          `the Service takes the Gateway's name ${JSON.stringify(gateway.name)}, which must be a DNS label of at most 63 characters that begins with a letter`,
        ]),
    ...(gateway.parameters === undefined
      ? []
      : [
          `the Gateway has parameters (${gateway.parameters.name}), which are for the controller's proxies: leave them out`,
        ]),
    ...(Number.isInteger(replicas) && replicas >= 0 ? [] : [`replicas: ${replicas} is not a whole number from 0`]),
    ...(bytes <= CONFIG_BYTES
      ? []
      : [`the objects take ${bytes} bytes, a ConfigMap holds ${CONFIG_BYTES}: split the Gateway`]),
    ...gatewayObjects(gateway)
      .secretKeys.filter(({ secret }) => secret.namespace !== gateway.namespace)
      .map(
        ({ secret }) =>
          `Secret ${namespacedName(secret)} is out of reach: pods read Secrets of their own namespace ${gateway.namespace} only; ` +
          'put the backend and its Secret there',
      ),
  ];
};
