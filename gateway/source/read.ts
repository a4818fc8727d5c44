import {
  apiVersion as apiVersionOf,
  DEFAULT_NAMESPACE,
  GROUPS,
  isClusterScoped,
  KINDS,
  type KindName,
} from '../../lib/api/kinds.ts';
import { type FieldPath, fieldName, parseDocuments, type SourceDocument } from './documents.ts';
import { type ObjectKey, objectKey, type SourcedObject } from './event.ts';
import { LIMITS } from './limits.ts';
import type { Problem, ProblemRule } from './problem.ts';
import { decodeSecret, type Environment } from './secret.ts';
import { suggest } from './suggest.ts';
import { type Violation, validate } from './validate.ts';

/** What one file says. */
export interface FileReading {
  readonly objects: ReadonlyMap<ObjectKey, SourcedObject>;
  readonly problems: readonly Problem[];
  /** Objects that stay as they were because this text gives no valid version of them; `all` when it cannot be told which. */
  readonly keep: 'all' | ReadonlySet<ObjectKey>;
}

/** Reads the objects of one file's text. Kinds that the gateway has no use for are passed over. */
export const readObjects = (file: string, text: string, env: Environment): FileReading => {
  const { documents, problems } = parseDocuments(file, text);
  if (problems.length > 0) return { objects: new Map(), problems, keep: 'all' };
  const reading = new Reading(env);
  for (const document of documents) reading.add(document, document.value, []);
  return {
    objects: reading.objects,
    problems: reading.problems.slice(0, LIMITS.fileProblems),
    keep: reading.nameless ? 'all' : reading.invalid,
  };
};

class Reading {
  readonly objects = new Map<ObjectKey, SourcedObject>();
  readonly problems: Problem[] = [];
  readonly invalid = new Set<ObjectKey>();
  nameless = false;
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  add(document: SourceDocument, value: unknown, path: FieldPath): void {
    if (value === null || value === undefined) return;
    const isTop = path.length === 0;
    if (isTop && isRecord(value) && value.kind === 'List' && value.apiVersion === 'v1' && Array.isArray(value.items)) {
      for (const [index, item] of value.items.entries()) this.add(document, item, [...path, 'items', index]);
      return;
    }
    const identity = identify(value);
    if (identity.type === 'known') {
      this.#addKnown(document, identity.kind, identity.value, identity.metadata, path);
    } else if (identity.type === 'foreign') {
      this.#passOver(document, identity, path);
    } else {
      const { rule, message, field } = identity;
      this.problems.push({ ...document.locate([...path, ...field]), severity: 'error', rule, message });
      this.nameless = true;
    }
  }

  #addKnown(
    document: SourceDocument,
    kind: KindName,
    value: Record<string, unknown>,
    metadata: Record<string, unknown>,
    path: FieldPath,
  ): void {
    // What `kubectl get -o yaml` and generators write for "nothing".
    for (const field of ['labels', 'annotations', 'creationTimestamp'])
      if (metadata[field] === null) delete metadata[field];
    if (isClusterScoped(kind)) delete metadata.namespace;
    else metadata.namespace ??= DEFAULT_NAMESPACE;
    const namespace = isClusterScoped(kind) ? '' : String(metadata.namespace);
    const key = objectKey(kind, namespace, String(metadata.name));
    const object = `${kind} ${namespace === '' ? '' : `${namespace}/`}${String(metadata.name).slice(0, 253)}`;
    const report = (violation: Violation): void => {
      this.problems.push({
        ...document.locate([...path, ...violation.path], violation.part),
        severity: 'error',
        rule: violation.rule,
        object,
        field: fieldName(violation.path),
        message: violation.message,
      });
      if (!this.objects.has(key)) this.invalid.add(key);
    };
    const location = document.locate(path);
    const earlier = this.objects.get(key)?.location;
    if (earlier !== undefined) {
      report({
        path: ['metadata', 'name'],
        part: 'value',
        rule: 'duplicate',
        message: `already defined at line ${earlier.line}`,
      });
      return;
    }
    if (this.objects.size >= LIMITS.objects) {
      report({
        path: [],
        part: 'value',
        rule: 'too-large',
        message: `more than ${LIMITS.objects} objects in one file`,
      });
      return;
    }
    const violations = validate(kind, value);
    for (const violation of violations) report(violation);
    if (violations.length > 0) return;
    let result: unknown = value;
    if (kind === 'Secret') {
      const { stringData: _, ...rest } = value;
      const decoded = decodeSecret(value, this.#env);
      for (const violation of decoded.violations) report(violation);
      if (decoded.violations.length > 0) return;
      result = { ...rest, data: decoded.data };
    }
    this.objects.set(key, { kind, object: result as SourcedObject['object'], location });
  }

  #passOver(document: SourceDocument, { group, kind }: { group: string; kind: string }, path: FieldPath): void {
    if (group !== GROUPS.agentgateway && group !== GROUPS.gateway) return;
    const kinds = Object.values(KINDS).flatMap((info) => (info.group === group ? [info.kind] : []));
    const meant = suggest(kind, kinds);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    this.problems.push({
      ...document.locate([...path, 'kind']),
      severity: 'note',
      rule: 'unknown-kind',
      message: `kind ${kind.slice(0, 80)} of ${group} is not served${hint}`,
    });
  }
}

type Identity =
  | {
      readonly type: 'known';
      readonly kind: KindName;
      readonly value: Record<string, unknown>;
      readonly metadata: Record<string, unknown>;
    }
  | { readonly type: 'foreign'; readonly group: string; readonly kind: string }
  | { readonly type: 'nameless'; readonly rule: ProblemRule; readonly message: string; readonly field: FieldPath };

/** Which object a document is about, as far as it says. */
const identify = (value: unknown): Identity => {
  const nameless = (rule: ProblemRule, message: string, ...field: FieldPath): Identity => ({
    type: 'nameless',
    rule,
    message,
    field,
  });
  if (!isRecord(value)) return nameless('not-an-object', 'not a Kubernetes object: a mapping is expected');
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    return nameless('not-an-object', 'not a Kubernetes object: apiVersion and kind are expected');
  }
  const slash = apiVersion.lastIndexOf('/');
  const group = apiVersion.slice(0, Math.max(slash, 0));
  const name = (Object.keys(KINDS) as KindName[]).find((key) => KINDS[key].group === group && KINDS[key].kind === kind);
  if (name === undefined) return { type: 'foreign', group, kind };
  const versions: readonly string[] = KINDS[name].versions;
  if (!versions.includes(apiVersion.slice(slash + 1))) {
    const served = versions.map((version) => apiVersionOf(KINDS[name], version)).join(' or ');
    const message = `apiVersion of ${kind} must be ${served}, is ${apiVersion.slice(0, 80)}`;
    return nameless('unknown-kind', message, 'apiVersion');
  }
  if (!isBounded(value)) return nameless('too-large', `${kind} is nested too deeply or holds too many values`);
  if (!isRecord(metadata) || typeof metadata.name !== 'string') {
    return nameless('missing-field', `${kind} has no metadata.name`, 'metadata');
  }
  return { type: 'known', kind: name, value, metadata };
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isBounded = (root: unknown): boolean => {
  let values = 0;
  const walk = (value: unknown, depth: number): boolean => {
    if (typeof value !== 'object' || value === null) return true;
    if (depth > LIMITS.depth) return false;
    const children: readonly unknown[] = Object.values(value);
    values += children.length;
    return values <= LIMITS.values && children.every((child) => walk(child, depth + 1));
  };
  return walk(root, 1);
};
