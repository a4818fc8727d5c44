import type { IGateway } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/Gateway';
import type { IListener } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/Listener';
import { ApiObject, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { GATEWAY } from '../api/gateway-api.ts';
import { apiVersion, GATEWAY_CLASS, KINDS } from '../api/kinds.ts';
import { RESERVED_PORTS } from '../api/ports.ts';
import { type ObjectProps, settleMetadata } from '../core/metadata.ts';
import { schemaProblems } from '../core/schema-problems.ts';

/** One listener of a Gateway: plain HTTP on a port. */
export interface ListenerProps {
  /** Name of the listener, which routes and policies refer to: unique in the Gateway, a DNS subdomain. */
  readonly name: string;
  /** Port, 1 to 65535, but none of the gateway's own (15000, 15020, 15021). */
  readonly port: number;
  /**
   * Host that requests must have; may begin with `*.`.
   *
   * @default - any host
   */
  readonly hostname?: string;
  /**
   * Namespaces whose routes may attach: the Gateway's own, all of them, or those with these labels.
   *
   * @default 'Same'
   */
  readonly routesFrom?: 'Same' | 'All' | { readonly matchLabels: Readonly<Record<string, string>> };
}

/** An object that says how a Gateway's proxies are deployed. */
export interface DeploymentParameters {
  readonly name: string;
  readonly namespace: string;
}

export interface GatewayProps extends ObjectProps {
  /**
   * Listeners to begin with; `addListener` adds more. A Gateway has 1 to 64.
   *
   * @default - none
   */
  readonly listeners?: readonly ListenerProps[];
  /**
   * How the controller deploys the proxies: of the Gateway's own namespace.
   *
   * @default - as the controller does
   */
  readonly parameters?: DeploymentParameters;
}

/** A listener of a Gateway, by name: checked at synth, so that it may be added after the reference. */
export interface ListenerReference {
  readonly gateway: Gateway;
  readonly listenerName: string;
}

/** A Gateway of class `agentgateway`. Source: Gateway API v1, Gateway. */
export class Gateway extends Construct {
  readonly name: string;
  readonly namespace: string;
  readonly gatewayClassName = GATEWAY_CLASS;
  /** How the controller deploys its proxies. */
  readonly parameters: DeploymentParameters | undefined;
  readonly #listeners: ListenerProps[];
  readonly #object: ApiObject;

  constructor(scope: Construct, id: string, props: GatewayProps = {}) {
    super(scope, id);
    const metadata = settleMetadata(this, id, props);
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.#listeners = [...(props.listeners ?? [])];
    this.parameters = props.parameters;
    this.#object = new ApiObject(this, 'Gateway', {
      apiVersion: apiVersion(KINDS.Gateway),
      kind: KINDS.Gateway.kind,
      metadata,
      spec: Lazy.any({ produce: () => this.#spec() }),
    });
    this.node.addValidation({
      validate: () => [
        ...schemaProblems(GATEWAY, this.toJson()),
        ...this.#portProblems(),
        ...this.#parametersProblems(),
        ...this.#listeners.flatMap(conflicts),
      ],
    });
  }

  /** The listeners so far. */
  get listeners(): readonly ListenerProps[] {
    return this.#listeners;
  }

  /** Adds a listener and returns the reference that routes and policies take. */
  addListener(listener: ListenerProps): ListenerReference {
    this.#listeners.push(listener);
    return this.listener(listener.name);
  }

  /** A reference to one listener. A route or policy that uses it fails at synth if there is no listener of that name. */
  listener(name: string): ListenerReference {
    return { gateway: this, listenerName: name };
  }

  /** The object as it is written. */
  toJson(): unknown {
    return this.#object.toJson();
  }

  #spec(): IGateway['spec'] {
    const { group, kind } = KINDS.AgentgatewayParameters;
    const own = this.parameters;
    return {
      gatewayClassName: this.gatewayClassName,
      listeners: this.#listeners.map(toListener),
      ...(own === undefined ? {} : { infrastructure: { parametersRef: { group, kind, name: own.name } } }),
    };
  }

  #parametersProblems(): readonly string[] {
    const own = this.parameters;
    if (own === undefined || own.namespace === this.namespace) return [];
    return [
      `parameters: ${own.name} is in namespace ${own.namespace}, the Gateway in ${this.namespace}: put both into one (Gateway API, LocalParametersReference)`,
    ];
  }

  #portProblems(): readonly string[] {
    return this.#listeners
      .filter(({ port }) => RESERVED_PORTS.includes(port))
      .map(
        ({ name, port }) =>
          `listener ${JSON.stringify(name)}: port ${port} belongs to the gateway itself (${RESERVED_PORTS.join(', ')}): choose another`,
      );
  }
}

/** Listeners are told apart by port and hostname. Source: Gateway API, "Distinct Listeners". */
const conflicts = (listener: ListenerProps, index: number, all: readonly ListenerProps[]): readonly string[] => {
  const earlier = all
    .slice(0, index)
    .find(({ port, hostname }) => port === listener.port && hostname === listener.hostname);
  if (earlier === undefined) return [];
  return [
    `listener ${JSON.stringify(listener.name)}: port ${listener.port} and hostname ${listener.hostname ?? '(any)'} are those of ` +
      `listener ${JSON.stringify(earlier.name)} already: change one of them`,
  ];
};

const toListener = ({ name, port, hostname, routesFrom = 'Same' }: ListenerProps): IListener => ({
  name,
  port,
  protocol: 'HTTP',
  ...(hostname === undefined ? {} : { hostname }),
  allowedRoutes: {
    namespaces:
      typeof routesFrom === 'string'
        ? { from: routesFrom }
        : { from: 'Selector', selector: { matchLabels: { ...routesFrom.matchLabels } } },
  },
});
