import { apiVersion, isClusterScoped, KINDS, type KindName } from '../../../lib/api/kinds.ts';
import { SCHEMAS } from '../../../lib/api/objects.ts';
import type { Schema } from '../../../lib/api/schema.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { fieldName } from '../documents.ts';
import type { SourcedObject } from '../event.ts';
import type { Problem } from '../problem.ts';
import { decodeSecret } from '../secret.ts';
import { validate } from '../validate.ts';

/** The object, or what keeps us from reading it. */
export type Reading =
  | { readonly resource: SourcedObject; readonly problems?: never }
  | { readonly resource?: never; readonly problems: readonly Problem[] };

/** Whose status is read, too. */
const READ_STATUS: ReadonlySet<KindName> = new Set<KindName>(['Service']);
/** What kubectl keeps for itself: the object once more. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Reads an object of the API server, which has validated it and filled in the defaults: fields that our schemas do not know are those of
 * another version of the CRDs, and left out. Never throws.
 */
export const readApiObject = (kind: KindName, raw: ApiObject): Reading => {
  const { apiVersion: _, kind: __, metadata, status, ...fields } = raw;
  const { name, namespace, labels, annotations, creationTimestamp, generation, uid } = metadata;
  const subject = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${String(name).slice(0, 253)}`;
  const object = prune(SCHEMAS[kind], {
    // Lists leave both out.
    apiVersion: apiVersion(KINDS[kind]),
    kind: KINDS[kind].kind,
    metadata: {
      name,
      ...(isClusterScoped(kind) ? {} : { namespace }),
      labels,
      annotations: withoutLastApplied(annotations),
      creationTimestamp,
      generation,
      uid,
    },
    ...fields,
    ...(READ_STATUS.has(kind) ? { status } : {}),
  }) as Record<string, unknown>;
  try {
    const violations = validate(kind, object);
    if (violations.length > 0) {
      return {
        problems: violations.map(({ rule, path, message }) => ({
          severity: 'error',
          rule,
          object: subject,
          field: fieldName(path),
          message,
        })),
      };
    }
    // Keys with other bytes than text are of no use to us, and no mistake.
    if (kind === 'Secret') object.data = decodeSecret({ data: object.data as Record<string, string> }, {}).data;
    return { resource: { kind, object: object as unknown as SourcedObject['object'] } };
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { problems: [{ severity: 'error', rule: 'invalid-value', object: subject, message }] };
  }
};

const withoutLastApplied = (annotations: unknown): unknown => {
  if (typeof annotations !== 'object' || annotations === null || !(LAST_APPLIED in annotations)) return annotations;
  const { [LAST_APPLIED]: _, ...rest } = annotations;
  return rest;
};

/** Without fields that the schema does not know: a newer version of the CRDs may have them. */
const prune = (schema: Schema, value: unknown): unknown => {
  if (Array.isArray(value)) return schema.type === 'array' ? value.map((item) => prune(schema.items, item)) : value;
  if (typeof value !== 'object' || value === null || schema.type !== 'object') return value;
  const kept: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value)) {
    if (item === null || item === undefined) continue;
    if ('additionalProperties' in schema) kept.push([name, prune(schema.additionalProperties, item)]);
    else if (Object.hasOwn(schema.properties, name)) kept.push([name, prune(schema.properties[name] as Schema, item)]);
  }
  return Object.fromEntries(kept);
};
