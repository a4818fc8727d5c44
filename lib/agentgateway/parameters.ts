import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { AGENTGATEWAY_PARAMETERS, type AgentgatewayParametersSpec } from '../api/agentgateway/parameters.ts';
import { apiVersion, KINDS } from '../api/kinds.ts';
import { type ObjectProps, settleMetadata } from '../core/metadata.ts';
import { schemaProblems } from '../core/schema-problems.ts';
import type { DeploymentParameters } from '../gateway-api/gateway.ts';

export interface AgentgatewayParametersProps extends ObjectProps {
  /**
   * Proxies of each Gateway. Sessions survive the loss of one: the controller gives all of a Gateway's the same key.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * How the number of proxies follows their load, in place of `replicas`. Needs metrics-server in the cluster.
   *
   * @default - it does not
   */
  readonly autoscaling?: AutoscalingProps;
  /**
   * What a proxy asks of its node: amounts of Kubernetes.
   *
   * @default - 100m and 128Mi, without a limit
   */
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  /**
   * PriorityClass of the proxies.
   *
   * @default - that of the cluster
   */
  readonly priorityClassName?: string;
  /**
   * Labels that nodes of the proxies must have.
   *
   * @default - any node
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /**
   * Parts of the image in place of the controller's.
   *
   * @default - the image that the controller has
   */
  readonly image?: AgentgatewayParametersSpec['image'];
  /**
   * Variables of the proxies. Never secrets: the object is readable by many.
   *
   * @default - none besides those that the controller sets
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Seconds from the signal to end: new requests are served for `min`, those under way for `max`.
   *
   * @default - 10 and 60
   */
  readonly shutdown?: { readonly min: number; readonly max: number };
  /** @default 'text' */
  readonly logFormat?: 'text' | 'json';
  /**
   * Type and annotations of the Service in front.
   *
   * @default - LoadBalancer, none
   */
  readonly service?: {
    readonly type?: 'LoadBalancer' | 'NodePort' | 'ClusterIP';
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** Source: Kubernetes autoscaling/v2, HorizontalPodAutoscaler. */
export interface AutoscalingProps {
  /** @default 2 */
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  /**
   * Processor time in use, of what is requested, that it aims at: in percent.
   *
   * @default 70
   */
  readonly cpuUtilization?: number;
}

/** How the controller deploys the proxies of the Gateways that take it as `parameters`. Source: agentgateway.dev/v1alpha1. */
export class AgentgatewayParameters extends Construct implements DeploymentParameters {
  readonly name: string;
  readonly namespace: string;
  readonly #object: ApiObject;

  constructor(scope: Construct, id: string, props: AgentgatewayParametersProps = {}) {
    super(scope, id);
    const metadata = settleMetadata(this, id, props);
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.#object = new ApiObject(this, 'AgentgatewayParameters', {
      apiVersion: apiVersion(KINDS.AgentgatewayParameters),
      kind: KINDS.AgentgatewayParameters.kind,
      metadata,
      spec: specOf(props),
    });
    this.node.addValidation({
      validate: () => [...schemaProblems(AGENTGATEWAY_PARAMETERS, this.toJson()), ...problemsOf(props)],
    });
  }

  /** The object as it is written. */
  toJson(): unknown {
    return this.#object.toJson();
  }
}

const specOf = (props: AgentgatewayParametersProps): AgentgatewayParametersSpec => {
  const { replicas, autoscaling, resources, priorityClassName, nodeSelector, image, shutdown, logFormat, service } =
    props;
  const podSpec = {
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...(nodeSelector === undefined ? {} : { nodeSelector: { ...nodeSelector } }),
  };
  const deployment = {
    ...(replicas === undefined || autoscaling !== undefined ? {} : { replicas }),
    ...(Object.keys(podSpec).length === 0 ? {} : { template: { spec: podSpec } }),
  };
  const env = Object.entries(props.env ?? {}).map(([name, value]) => ({ name, value }));
  return {
    ...(image === undefined ? {} : { image: { ...image } }),
    ...(env.length === 0 ? {} : { env }),
    ...(resources === undefined ? {} : { resources: { ...resources } }),
    ...(shutdown === undefined ? {} : { shutdown: { ...shutdown } }),
    ...(logFormat === undefined ? {} : { logging: { format: logFormat } }),
    ...(Object.keys(deployment).length === 0 ? {} : { deployment: { spec: deployment } }),
    ...(service === undefined ? {} : { service: serviceOverlay(service) }),
    ...(autoscaling === undefined ? {} : { horizontalPodAutoscaler: { spec: autoscalerSpec(autoscaling) } }),
  };
};

const serviceOverlay = ({ type, annotations }: NonNullable<AgentgatewayParametersProps['service']>) => ({
  ...(annotations === undefined ? {} : { metadata: { annotations: { ...annotations } } }),
  ...(type === undefined ? {} : { spec: { type } }),
});

const MIN_REPLICAS = 2;
const CPU_UTILIZATION = 70;

const autoscalerSpec = ({
  minReplicas = MIN_REPLICAS,
  maxReplicas,
  cpuUtilization = CPU_UTILIZATION,
}: AutoscalingProps) => ({
  minReplicas,
  maxReplicas,
  metrics: [
    {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuUtilization } },
    },
  ],
});

const problemsOf = ({ replicas, autoscaling, resources }: AgentgatewayParametersProps): readonly string[] => {
  const {
    minReplicas = MIN_REPLICAS,
    maxReplicas,
    cpuUtilization = CPU_UTILIZATION,
  } = autoscaling ?? { maxReplicas: MIN_REPLICAS };
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
  return [
    ...(replicas === undefined || (Number.isInteger(replicas) && replicas >= 0)
      ? []
      : [`replicas: ${replicas} is not a whole number from 0`]),
    ...(replicas === undefined || autoscaling === undefined
      ? []
      : ['replicas: autoscaling says how many there are: leave one of them out']),
    ...(isCount(minReplicas) && isCount(maxReplicas) && minReplicas <= maxReplicas
      ? []
      : [
          `autoscaling: minReplicas ${minReplicas} and maxReplicas ${maxReplicas} must be whole numbers from 1, the first not above the second`,
        ]),
    ...(isCount(cpuUtilization)
      ? []
      : [`autoscaling.cpuUtilization: ${cpuUtilization} is not a whole number of percent from 1`]),
    ...(autoscaling === undefined || resources === undefined || resources.requests?.cpu !== undefined
      ? []
      : ['resources.requests.cpu: autoscaling counts by it: give one']),
  ];
};
