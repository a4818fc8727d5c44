import { type Condition, condition } from '../../lib/api/conditions.ts';
import type { ParentReference } from '../../lib/api/http-route.ts';
import type { KindName } from '../../lib/api/kinds.ts';
import { inertFields, type Schema } from '../../lib/api/schema.ts';

/** What the `/status` of one object should say, in the shape that the API has it, without times. */
export interface ObjectStatus {
  readonly kind: KindName;
  readonly namespace: string;
  readonly name: string;
  /** GatewayClass, Gateway, AgentgatewayBackend. */
  readonly conditions?: readonly Condition[];
  /** GatewayClass: sorted. */
  readonly supportedFeatures?: readonly { readonly name: string }[];
  /** Gateway: where its listeners are reached, as far as that is known. */
  readonly addresses?: readonly GatewayAddress[];
  /** Gateway: exactly the listeners of its spec. */
  readonly listeners?: readonly ListenerStatus[];
  /** HTTPRoute: one for each parentRef to a Gateway that is ours. */
  readonly parents?: readonly ParentStatus[];
  /** AgentgatewayPolicy, BackendTLSPolicy: one for each Gateway. */
  readonly ancestors?: readonly AncestorStatus[];
}

export interface GatewayAddress {
  readonly type: 'IPAddress' | 'Hostname';
  readonly value: string;
}

export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export interface ParentStatus {
  /** As in the spec, word for word. */
  readonly parentRef: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

export interface AncestorStatus {
  readonly ancestorRef: {
    readonly group: string;
    readonly kind?: string;
    readonly namespace?: string;
    readonly name: string;
  };
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

/** Names the fields of a spec that are accepted and have no effect, if any are set. */
export const withoutEffect = (schema: Schema, spec: unknown, generation: number): readonly Condition[] => {
  const inert = inertFields(schema, spec);
  const message = inert.map(({ path, reason }) => `spec.${path} has no effect: ${reason}`).join('; ');
  return inert.length === 0 ? [] : [condition('FieldsWithoutEffect', generation, message)];
};
