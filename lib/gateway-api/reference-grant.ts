import type { IReferenceGrant } from '@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1/ReferenceGrant';
import { ApiObject, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { REFERENCE_GRANT } from '../api/gateway-api.ts';
import { apiVersion, KINDS, type KindInfo } from '../api/kinds.ts';
import { type ObjectProps, settleMetadata } from '../core/metadata.ts';
import { schemaProblems } from '../core/schema-problems.ts';

/** Objects of one kind in one namespace, which refer to something. */
export interface ReferenceSource {
  readonly kind: KindInfo;
  readonly namespace: string;
}

/** The one object that is referred to. */
export interface ReferenceTarget {
  readonly kind: KindInfo;
  readonly namespace: string;
  readonly name: string;
  /** Where a grant for the target is written: any construct inside a chart. */
  readonly grantScope: Construct;
  /**
   * Name of the grant.
   *
   * @default - `allow-<name>-access` for a Service, `allow-<kind>-<name>-access` for other kinds
   */
  readonly grantName?: string;
}

export interface ReferenceGrantProps extends ObjectProps {
  /** The object that may be referred to; its namespace is the grant's, because the target's owner grants. */
  readonly to: Pick<ReferenceTarget, 'kind' | 'name' | 'namespace'>;
  /** Who may refer to it: at most 16. */
  readonly from: readonly ReferenceSource[];
}

/**
 * Permission to refer to one object from other namespaces. Constructs that take references write the grants they need; declare one by
 * hand only for objects that are not part of the app. Source: Gateway API, ReferenceGrant.
 */
export class ReferenceGrant extends Construct {
  /**
   * Grants a reference unless it stays within a namespace or is granted already. Further sources extend the target's one grant.
   *
   * @returns the grant, or undefined when the reference needs none.
   */
  static allow(from: ReferenceSource, to: ReferenceTarget): ReferenceGrant | undefined {
    if (from.namespace === to.namespace) return undefined;
    const grants = to.grantScope.node.root.node.findAll().filter((item) => item instanceof ReferenceGrant);
    const grant = grants.find((item) => item.isFor(to));
    if (grant === undefined) {
      const name = to.grantName ?? defaultName(to);
      return new ReferenceGrant(to.grantScope, name, { name, to, from: [from] });
    }
    grant.addFrom(from);
    return grant;
  }

  readonly name: string;
  readonly namespace: string;
  readonly #to: ReferenceGrantProps['to'];
  readonly #from: ReferenceSource[] = [];
  readonly #object: ApiObject;

  constructor(scope: Construct, id: string, props: ReferenceGrantProps) {
    super(scope, id);
    const metadata = settleMetadata(this, id, { ...props, namespace: props.to.namespace });
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.#to = props.to;
    for (const from of props.from) this.addFrom(from);
    this.#object = new ApiObject(this, 'ReferenceGrant', {
      apiVersion: apiVersion(KINDS.ReferenceGrant),
      kind: KINDS.ReferenceGrant.kind,
      metadata,
      spec: Lazy.any({ produce: () => this.#spec() }),
    });
    this.node.addValidation({ validate: () => [...schemaProblems(REFERENCE_GRANT, this.toJson())] });
  }

  /** Whether this grant is about that object. */
  isFor(to: Pick<ReferenceTarget, 'kind' | 'name' | 'namespace'>): boolean {
    return (
      this.#to.namespace === to.namespace &&
      this.#to.name === to.name &&
      this.#to.kind.group === to.kind.group &&
      this.#to.kind.kind === to.kind.kind
    );
  }

  /** Lets one more kind and namespace refer to the target; nothing changes when they may already. */
  addFrom(from: ReferenceSource): void {
    const known = this.#from.some(
      ({ kind, namespace }) =>
        kind.group === from.kind.group && kind.kind === from.kind.kind && namespace === from.namespace,
    );
    if (!known) this.#from.push(from);
  }

  /** The object as it is written. */
  toJson(): unknown {
    return this.#object.toJson();
  }

  #spec(): IReferenceGrant['spec'] {
    return {
      from: this.#from.map(({ kind, namespace }) => ({ group: kind.group, kind: kind.kind, namespace })),
      to: [{ group: this.#to.kind.group, kind: this.#to.kind.kind, name: this.#to.name }],
    };
  }
}

const defaultName = ({ kind, name }: ReferenceTarget): string =>
  kind === KINDS.Service ? `allow-${name}-access` : `allow-${kind.kind.toLowerCase()}-${name}-access`;
