import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { NAMESPACE_NAME } from '../api/core.ts';
import { apiVersion, KINDS } from '../api/kinds.ts';
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
  readonly #object: ApiObject;

  constructor(scope: Construct, id: string, props: NamespaceProps = {}) {
    super(scope, id);
    this.name = props.name ?? id;
    this.#object = new ApiObject(this, 'Namespace', {
      apiVersion: apiVersion(KINDS.Namespace),
      kind: KINDS.Namespace.kind,
      metadata: { name: this.name, ...(props.labels === undefined ? {} : { labels: { ...props.labels } }) },
    });
    this.node.addValidation({ validate: () => [...schemaProblems(NAMESPACE_NAME, this.name, 'metadata.name')] });
  }

  /** The object as it is written. */
  toJson(): unknown {
    return this.#object.toJson();
  }
}
