import { createHash } from 'node:crypto';
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { apiVersion, CONTROLLER_NAME, GATEWAY_CLASS, KINDS } from '../api/kinds.ts';
import { PORTS } from '../api/ports.ts';
import { VERSION } from '../core/version.ts';
import { controllerNameProblem, controllersOwn } from '../workload/controller-name.ts';
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
  /**
   * Whose GatewayClasses are served: a domain, `/` and a path. Controllers of different names in one cluster leave each other's classes,
   * Gateways, statuses and proxies alone.
   *
   * @default 'agentgateway.dev/agentgateway'
   */
  readonly controllerName?: string;
  /**
   * Name of the GatewayClass; a cluster has one of each name.
   *
   * @default 'agentgateway'
   */
  readonly gatewayClassName?: string;
}

const USUAL_NAME = 'tooltrail-controller';
/** User and group of the process. */
const UID = 10101;

/**
 * What makes a Gateway of class `agentgateway` work wherever it is applied: the GatewayClass, and a controller that deploys proxies for each
 * of its Gateways and writes the status of all objects. The proxies read the Kubernetes API themselves; of Secrets and ConfigMaps only those
 * that their Gateway leads to.
 */
export class GatewayController extends Construct {
  /** Of the Deployment, and `app.kubernetes.io/name` of its pods. */
  readonly name: string;
  /** The Deployment, for what the properties do not cover (`addJsonPatch`). */
  readonly deployment: ApiObject;

  constructor(scope: Construct, id: string, props: GatewayControllerProps = {}) {
    super(scope, id);
    const { namespace = 'agentgateway-system', image = `tooltrail/tooltrail:${VERSION}`, replicas = 1 } = props;
    const { controllerName = CONTROLLER_NAME, gatewayClassName = GATEWAY_CLASS } = props;
    // Of the objects that have no namespace there is one for each controller.
    const own = controllersOwn(USUAL_NAME, controllerName, sha256);
    this.name = own;
    const proxyRole = controllersOwn(PROXY_ROLE, controllerName, sha256);
    const labels = {
      'app.kubernetes.io/name': own,
      'app.kubernetes.io/instance': own,
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
    object(KINDS.GatewayClass.kind, gatewayClassName, {
      apiVersion: apiVersion(KINDS.GatewayClass),
      spec: { controllerName },
    });
    object('ServiceAccount', own, { apiVersion: 'v1', automountServiceAccountToken: false }, namespace);
    object('ClusterRole', proxyRole, { apiVersion: rbac, rules: proxyRules() });
    object('ClusterRole', own, { apiVersion: rbac, rules: controllerRules(Object.values(DEPLOYED_KINDS)) });
    object('ClusterRoleBinding', own, {
      apiVersion: rbac,
      roleRef: { apiGroup: DEPLOYED_KINDS.Role.group, kind: 'ClusterRole', name: own },
      subjects: [{ kind: 'ServiceAccount', name: own, namespace }],
    });
    const flags =
      controllerName === CONTROLLER_NAME ? [] : ['--controller-name', controllerName, '--proxy-role', proxyRole];
    const selector = { 'app.kubernetes.io/name': own, 'app.kubernetes.io/instance': own };
    this.deployment = object(
      'Deployment',
      own,
      {
        apiVersion: 'apps/v1',
        spec: {
          replicas,
          selector: { matchLabels: selector },
          template: { metadata: { labels }, spec: podSpec(own, image, flags) },
        },
      },
      namespace,
    );
    const problem = controllerNameProblem(controllerName);
    this.node.addValidation({
      validate: () =>
        problem === undefined
          ? []
          : [`controllerName: ${JSON.stringify(controllerName)} ${problem}; put a domain of yours before a slash`],
    });
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const podSpec = (name: string, image: string, flags: readonly string[]) => {
  const ready = { path: '/healthz/ready', port: PORTS.readiness };
  return {
    serviceAccountName: name,
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
        args: ['controller', '--image', image, '--readiness', `0.0.0.0:${PORTS.readiness}`, ...flags],
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
