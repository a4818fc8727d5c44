import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { SECRET } from '../api/core.ts';
import { apiVersion, KINDS, namespacedName } from '../api/kinds.ts';
import { type ObjectProps, settleMetadata } from './metadata.ts';
import { schemaProblems } from './schema-problems.ts';

export interface SecretReferenceProps extends ObjectProps {
  /** Keys that the Secret has, or will have once its owner filled it. Only these can be referenced. */
  readonly keys: readonly string[];
  /**
   * Whether the object is written, without data, so that `kubectl get secret` shows what to fill. Applying it again keeps the data.
   * Switch it off when something else owns the Secret.
   *
   * @default true
   */
  readonly create?: boolean;
}

/** One declared key of a Secret. */
export interface SecretKey {
  readonly secret: SecretReference;
  readonly key: string;
}

/** A variable of a container whose value is that of a Secret's key, which has to be there. Source: Kubernetes API, EnvVarSource. */
export const secretVariable = (
  name: string,
  { secret, key }: { readonly secret: Pick<SecretReference, 'name'>; readonly key: string },
) => ({ name, valueFrom: { secretKeyRef: { name: secret.name, key } } });

/** A key of Secret data. Source: the API server's validation of ConfigMaps and Secrets. */
const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/**
 * A Secret by name and keys. Its values are never part of a manifest: they are filled in on the cluster, for example with
 * `kubectl patch secret`.
 */
export class SecretReference extends Construct {
  readonly name: string;
  readonly namespace: string;
  readonly keys: readonly string[];

  constructor(scope: Construct, id: string, props: SecretReferenceProps) {
    super(scope, id);
    const metadata = settleMetadata(this, id, props);
    this.name = metadata.name;
    this.namespace = metadata.namespace;
    this.keys = [...props.keys];
    if (props.create ?? true) {
      new ApiObject(this, 'Secret', {
        apiVersion: apiVersion(KINDS.Secret),
        kind: KINDS.Secret.kind,
        metadata,
        type: 'Opaque',
      });
    }
    this.node.addValidation({
      validate: () => [
        ...schemaProblems(SECRET.properties.metadata, { name: this.name, namespace: this.namespace }, 'metadata'),
        ...(this.keys.length === 0 ? ['keys is empty: declare the keys that the Secret has'] : []),
        ...this.keys
          .filter((key) => !KEY.test(key))
          .map((key) => `${JSON.stringify(key)} is no Secret key: use letters, digits, "-", "_" and "."`),
      ],
    });
  }

  /**
   * A reference to one value.
   *
   * @throws {Error} when the key is not among `keys`.
   */
  key(key: string): SecretKey {
    if (!this.keys.includes(key)) {
      throw new Error(
        `[${this.node.path}] Secret ${namespacedName(this)} does not declare the key ${JSON.stringify(key)}: add it to keys, ` +
          `or use one of ${this.keys.join(', ')}`,
      );
    }
    return { secret: this, key };
  }
}
