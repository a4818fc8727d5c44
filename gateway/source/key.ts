import type { KindName } from '../../lib/api/kinds.ts';
import type { SourcedObject } from './event.ts';

/** `Kind/namespace/name`; the namespace is empty for a Namespace. */
export type ObjectKey = string;

export const objectKey = (kind: KindName, namespace: string, name: string): ObjectKey => `${kind}/${namespace}/${name}`;

export const keyOf = ({ kind, object }: SourcedObject): ObjectKey =>
  objectKey(kind, object.metadata.namespace ?? '', object.metadata.name);
