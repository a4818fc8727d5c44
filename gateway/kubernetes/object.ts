import { apiVersion, type KindInfo } from '../../lib/api/kinds.ts';

/** An object as the API gives it; in lists without `apiVersion` and `kind`. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ApiMetadata;
  readonly [field: string]: unknown;
}

export interface ApiMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly [field: string]: unknown;
}

/** Objects of one kind: all, those of a namespace, or the one of that name. */
export interface Collection {
  readonly kind: KindInfo;
  /** Default: the first of the kind. */
  readonly version?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** Selects by labels, `a=b,c=d`; an object that loses them counts as deleted. */
  readonly labels?: string | undefined;
}

/** One object. */
export interface ObjectRef extends Collection {
  readonly name: string;
}

/** Path of the collection, its name left aside. */
export const collectionPath = ({ kind, version, namespace }: Collection): string => {
  const root = `${kind.group === '' ? '/api' : '/apis'}/${apiVersion(kind, version)}`;
  return `${root}${namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${kind.plural}`;
};

export const objectPath = (ref: ObjectRef): string => `${collectionPath(ref)}/${encodeURIComponent(ref.name)}`;

/** `gateways in a`, `secret a/b`: for messages. */
export const describeCollection = ({ kind, namespace, name }: Collection): string => {
  if (name !== undefined) return `${kind.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  return `${kind.plural}${kind.group === '' ? '' : `.${kind.group}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
};

/** Resource versions count up. */
export const isOlder = (a: string, b: string): boolean => a.length < b.length || (a.length === b.length && a < b);

export const isApiObject = (value: unknown): value is ApiObject => {
  const metadata = (value as { metadata?: { name?: unknown } } | null | undefined)?.metadata;
  return typeof metadata === 'object' && metadata !== null && typeof metadata.name === 'string';
};
