import { ApiObject, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { AGENTGATEWAY_BACKEND, type AgentgatewayBackendSpec } from '../api/agentgateway/backend.ts';
import { apiVersion, KINDS } from '../api/kinds.ts';
import { type ObjectProps, settleMetadata } from '../core/metadata.ts';
import { schemaProblems } from '../core/schema-problems.ts';
import type { SecretKey } from '../core/secret.ts';
import type { RouteBackend } from '../gateway-api/http-route.ts';
import type { ReferenceTarget } from '../gateway-api/reference-grant.ts';
import { type McpTargetProps, mcpTargetProblems, toMcpTarget } from './mcp-target.ts';

export interface AgentgatewayBackendProps extends ObjectProps {
  /**
   * MCP servers to begin with; `addTarget` adds more. A backend has 1 to 128.
   *
   * @default - none
   */
  readonly targets?: readonly McpTargetProps[];
}

/** MCP servers that a route can send requests to. Source: agentgateway.dev/v1alpha1, AgentgatewayBackend `spec.mcp`. */
export class AgentgatewayBackend extends Construct implements RouteBackend {
  readonly name: string;
  readonly namespace: string;
  readonly #targets: McpTargetProps[];
  readonly #object: ApiObject;

  constructor(scope: Construct, id: string, props: AgentgatewayBackendProps = {}) {
    super(scope, id);
    const metadata = settleMetadata(this, id, props);
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.#targets = [...(props.targets ?? [])];
    this.#object = new ApiObject(this, 'AgentgatewayBackend', {
      apiVersion: apiVersion(KINDS.AgentgatewayBackend),
      kind: KINDS.AgentgatewayBackend.kind,
      metadata,
      spec: Lazy.any({ produce: () => this.#spec() }),
    });
    this.node.addValidation({
      validate: () => [
        ...schemaProblems(AGENTGATEWAY_BACKEND, this.toJson()),
        ...this.#targets.flatMap((target) => mcpTargetProblems(target, this.namespace)),
      ],
    });
  }

  get referenceTarget(): ReferenceTarget {
    return { kind: KINDS.AgentgatewayBackend, namespace: this.namespace, name: this.name, grantScope: this };
  }

  /** The Secret keys that the targets use. */
  get secretKeys(): readonly SecretKey[] {
    return this.#targets.flatMap(({ auth }) => auth ?? []);
  }

  /** Adds an MCP server. */
  addTarget(target: McpTargetProps): this {
    this.#targets.push(target);
    return this;
  }

  /** The object as it is written. */
  toJson(): unknown {
    return this.#object.toJson();
  }

  #spec(): AgentgatewayBackendSpec {
    return { mcp: { targets: this.#targets.map(toMcpTarget) } };
  }
}
