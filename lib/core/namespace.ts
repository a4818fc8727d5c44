import { ApiObject } from 'cdk8s';
import { Namespace as PlusNamespace } from 'cdk8s-plus-30';
import { Construct } from 'constructs';
import { NAMESPACE } from '../api/core.ts';
import { schemaProblems } from './schema-problems.ts';

export interface NamespaceProps {
  /**
   * Name of the namespace: a DNS label.
   *
   * @default - the construct's id
   */
  readonly name?: string;
  /**
   * Labels, which listeners can select route namespaces by.
   *
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A namespace of the stack. */
export class Namespace extends Construct {
  readonly name: string;
  readonly #namespace: PlusNamespace;

  constructor(scope: Construct, id: string, props: NamespaceProps = {}) {
    super(scope, id);
    this.name = props.name ?? id;
    this.#namespace = new PlusNamespace(this, 'Namespace', {
      metadata: { name: this.name, labels: { ...props.labels } },
    });
    this.node.addValidation({ validate: () => [...schemaProblems(NAMESPACE, this.toJson())] });
  }

  /** The object as it is written. */
  toJson(): unknown {
    return ApiObject.of(this.#namespace).toJson();
  }
}
