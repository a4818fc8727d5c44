import type { KindName } from '../../lib/api/kinds.ts';
import type { ObjectTypes } from '../../lib/api/objects.ts';
import type { Location, Problem } from './problem.ts';

/** A valid object, defaults applied, with the place that it came from where there is one. */
export interface SourcedObject<K extends KindName = KindName> {
  readonly kind: K;
  readonly object: ObjectTypes[K];
  readonly location?: Location;
}

/** A change of the world. */
export type ResourceEvent =
  | { readonly type: 'put'; readonly resource: SourcedObject }
  | { readonly type: 'delete'; readonly kind: KindName; readonly namespace: string; readonly name: string };

/** Where objects come from. Each call holds all changes since the one before, and all problems as of now. */
export interface SourceListener {
  onChange(events: readonly ResourceEvent[], problems: readonly Problem[]): void;
}

/** What objects come from: files, or the Kubernetes API. */
export interface Source {
  /** Reads everything once; the listener has been called when this resolves. Never rejects: what fails is a problem. */
  load(): Promise<void>;
  /** Follows changes until `close`. */
  watch(): void;
  close(): void;
}

/** `Kind/namespace/name`; the namespace is empty for a Namespace. */
export type ObjectKey = string;

export const objectKey = (kind: KindName, namespace: string, name: string): ObjectKey => `${kind}/${namespace}/${name}`;

export const keyOf = ({ kind, object }: SourcedObject): ObjectKey =>
  objectKey(kind, object.metadata.namespace ?? '', object.metadata.name);
