import { ApiObject, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { AGENTGATEWAY_POLICY, type AgentgatewayPolicySpec } from '../api/agentgateway/policy.ts';
import { apiVersion, KINDS, namespacedName } from '../api/kinds.ts';
import { type ObjectProps, settleMetadata } from '../core/metadata.ts';
import { schemaProblems } from '../core/schema-problems.ts';
import { type Attachment, gatewayOf, sectionOf, sectionProblems } from '../gateway-api/attachment.ts';
import { ReferenceGrant } from '../gateway-api/reference-grant.ts';
import type { OtlpCollector } from './collector.ts';
import { expressionProblems } from './expressions.ts';
import { type FrontendProps, toFrontend } from './frontend.ts';
import { type TrailProps, toAnnotations, trailProblems } from './trail.ts';

export interface AgentgatewayPolicyProps extends ObjectProps, FrontendProps, TrailProps {
  /** Gateways, or single listeners, in the policy's namespace: 1 to 16. A policy on a listener wins over one on its Gateway. */
  readonly targets: readonly Attachment[];
}

/** What a Gateway traces, logs and counts. Source: agentgateway.dev/v1alpha1, AgentgatewayPolicy `spec.frontend`. */
export class AgentgatewayPolicy extends Construct {
  readonly name: string;
  readonly namespace: string;
  readonly targets: readonly Attachment[];
  /** The collector that the policy sends spans to. */
  readonly collector: OtlpCollector | undefined;
  /** What it sets of `spec.frontend`. */
  readonly #parts: readonly (keyof FrontendProps)[];
  readonly #object: ApiObject;

  constructor(scope: Construct, id: string, props: AgentgatewayPolicyProps) {
    super(scope, id);
    const annotations = { ...toAnnotations(props), ...props.annotations };
    const metadata = settleMetadata(this, id, {
      ...props,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    });
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.targets = [...props.targets];
    this.#parts = PARTS.filter((part) => props[part] !== undefined);
    this.collector = props.tracing?.collector;
    const collectors = [props.tracing?.collector, props.accessLog?.otlp?.collector];
    for (const collector of new Set(collectors)) if (collector !== undefined) this.#allow(collector);
    this.#object = new ApiObject(this, 'AgentgatewayPolicy', {
      apiVersion: apiVersion(KINDS.AgentgatewayPolicy),
      kind: KINDS.AgentgatewayPolicy.kind,
      metadata,
      spec: Lazy.any({ produce: () => this.#spec(props) }),
    });
    this.node.addValidation({
      validate: () => [
        ...schemaProblems(AGENTGATEWAY_POLICY, this.toJson()),
        ...expressionProblems(props),
        ...trailProblems(props, { tracing: props.tracing !== undefined, accessLog: props.accessLog !== undefined }),
        ...this.targets.flatMap((target) => this.#targetProblems(target)),
        ...this.#conflicts(),
      ],
    });
  }

  /** Of policies for one target the gateway takes the first that sets a part, and refuses the others. */
  #conflicts(): readonly string[] {
    const all = this.node.root.node.findAll().filter((node) => node instanceof AgentgatewayPolicy);
    return all.slice(0, all.indexOf(this)).flatMap((other) => {
      const shared = this.targets.find((target) => other.targets.some((one) => isSame(one, target)));
      if (shared === undefined) return [];
      return this.#parts
        .filter((part) => other.#parts.includes(part))
        .map(
          (part) =>
            `${part}: AgentgatewayPolicy ${namespacedName(other)} sets it for ${describe(shared)} already: put both into one`,
        );
    });
  }

  #allow({ serviceName: name, namespace, grantScope, grantName }: OtlpCollector): void {
    ReferenceGrant.allow(
      { kind: KINDS.AgentgatewayPolicy, namespace: this.namespace },
      { kind: KINDS.Service, name, namespace, grantScope, ...(grantName === undefined ? {} : { grantName }) },
    );
  }

  /** The object as it is written. */
  toJson(): unknown {
    return this.#object.toJson();
  }

  #spec(props: FrontendProps): AgentgatewayPolicySpec {
    return {
      targetRefs: this.targets.map((target) => {
        const sectionName = sectionOf(target);
        return {
          group: KINDS.Gateway.group,
          kind: KINDS.Gateway.kind,
          name: gatewayOf(target).name,
          ...(sectionName === undefined ? {} : { sectionName }),
        };
      }),
      frontend: toFrontend(props),
    };
  }

  #targetProblems(target: Attachment): readonly string[] {
    const gateway = gatewayOf(target);
    return [
      ...sectionProblems(target, 'targets'),
      ...(gateway.namespace === this.namespace
        ? []
        : [
            `targets: Gateway ${namespacedName(gateway)} is not in the policy's namespace ${this.namespace}: ` +
              'write the policy where its Gateway is',
          ]),
    ];
  }
}

const PARTS = ['tracing', 'accessLog', 'metrics'] as const satisfies readonly (keyof FrontendProps)[];

const isSame = (a: Attachment, b: Attachment): boolean =>
  gatewayOf(a) === gatewayOf(b) && sectionOf(a) === sectionOf(b);

const describe = (target: Attachment): string => {
  const section = sectionOf(target);
  const gateway = `Gateway ${namespacedName(gatewayOf(target))}`;
  return section === undefined ? gateway : `listener ${section} of ${gateway}`;
};
