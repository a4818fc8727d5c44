import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { apiVersion, CONTROLLER_NAME, GATEWAY_CLASS, KINDS } from '../api/kinds.ts';
import { PORTS } from '../api/ports.ts';
import { VERSION } from '../core/version.ts';
import { DEPLOYED_KINDS } from '../workload/kinds.ts';
import { controllerRules, PROXY_ROLE, proxyRules } from '../workload/rbac.ts';

export interface GatewayControllerProps {
  /**
   * Namespace of the controller.
   *
   * @default 'agentgateway-system'
   */
  readonly namespace?: string;
  /**
   * Image of the controller and of the proxies that it deploys; its entrypoint is `tooltrail`.
   *
   * @default - `tooltrail/tooltrail:<version of this package>`
   */
  readonly image?: string;
  /**
   * Pods; one of them leads, the others take over when it goes away.
   *
   * @default 1
   */
  readonly replicas?: number;
}

const NAME = 'tooltrail-controller';
/** User and group of the process. */
const UID = 10101;

/**
 * What makes a Gateway of class `agentgateway` work wherever it is applied: the GatewayClass, and a controller that deploys proxies for each
 * of its Gateways and writes the status of all objects. The proxies read the Kubernetes API themselves; of Secrets and ConfigMaps only those
 * that their Gateway leads to.
 */
export class GatewayController extends Construct {
  /** The Deployment, for what the properties do not cover (`addJsonPatch`). */
  readonly deployment: ApiObject;

  constructor(scope: Construct, id: string, props: GatewayControllerProps = {}) {
    super(scope, id);
    const { namespace = 'agentgateway-system', image = `tooltrail/tooltrail:${VERSION}`, replicas = 1 } = props;
    const labels = {
      'app.kubernetes.io/name': NAME,
      'app.kubernetes.io/instance': NAME,
      'app.kubernetes.io/managed-by': 'tooltrail',
      'app.kubernetes.io/version': VERSION,
    };
    const object = (kind: string, name: string, fields: object, place?: string): ApiObject =>
      new ApiObject(this, `${kind}-${name}`, {
        ...(fields as { readonly apiVersion: string }),
        kind,
        metadata: { name, labels, ...(place === undefined ? {} : { namespace: place }) },
      });
    const rbac = apiVersion(DEPLOYED_KINDS.Role);
    object(KINDS.GatewayClass.kind, GATEWAY_CLASS, {
      apiVersion: apiVersion(KINDS.GatewayClass),
      spec: { controllerName: CONTROLLER_NAME },
    });
    object('ServiceAccount', NAME, { apiVersion: 'v1', automountServiceAccountToken: false }, namespace);
    object('ClusterRole', PROXY_ROLE, { apiVersion: rbac, rules: proxyRules() });
    object('ClusterRole', NAME, { apiVersion: rbac, rules: controllerRules(Object.values(DEPLOYED_KINDS)) });
    object('ClusterRoleBinding', NAME, {
      apiVersion: rbac,
      roleRef: { apiGroup: DEPLOYED_KINDS.Role.group, kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace }],
    });
    const selector = { 'app.kubernetes.io/name': NAME, 'app.kubernetes.io/instance': NAME };
    this.deployment = object(
      'Deployment',
      NAME,
      {
        apiVersion: 'apps/v1',
        spec: {
          replicas,
          selector: { matchLabels: selector },
          template: { metadata: { labels }, spec: podSpec(image) },
        },
      },
      namespace,
    );
  }
}

const podSpec = (image: string) => {
  const ready = { path: '/healthz/ready', port: PORTS.readiness };
  return {
    serviceAccountName: NAME,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: UID,
      runAsGroup: UID,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    containers: [
      {
        name: 'controller',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['controller', '--image', image, '--readiness', `0.0.0.0:${PORTS.readiness}`],
        env: [
          { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
        ],
        ports: [{ name: 'readiness', containerPort: PORTS.readiness }],
        readinessProbe: { httpGet: ready, periodSeconds: 10 },
        resources: { requests: { cpu: '100m', memory: '128Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          privileged: false,
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  };
};
