import type { Clock } from './clock.ts';
import type { ClusterConfig } from './config/access.ts';
import { Connection } from './connection.ts';
import { connectionFailure, failureOf, isRecord, type Result } from './failure.ts';
import { MAX_BODY, MAX_LINE, PAGE_SIZE, REQUEST_TIMEOUT, WATCH_IDLE } from './limits.ts';
import { LineSplitter } from './lines.ts';
import { type ApiObject, type Collection, collectionPath, isApiObject, type ObjectRef, objectPath } from './object.ts';

/** A page of a list. */
export interface Page {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  /** Where the next one begins; absent: this is the last. */
  readonly next?: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: ApiObject;
}

export interface WatchOptions {
  /** Events after this one. */
  readonly resourceVersion: string;
  /** After which the server ends it. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly onOpen: () => void;
  readonly onEvent: (event: WatchEvent) => void;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; default REQUEST_TIMEOUT. */
  readonly timeout?: number | undefined;
}

const MERGE_PATCH = 'application/merge-patch+json';
/** JSON is YAML. */
const APPLY_PATCH = 'application/apply-patch+yaml';
const JSON_TYPE = 'application/json';

/** The verbs of the Kubernetes API that are used. None of them rejects: what went wrong is in the result. */
export class KubernetesClient {
  readonly namespace: string;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #maxBody: number;

  /** @param maxBody bytes of one answer; default MAX_BODY */
  constructor(config: ClusterConfig, clock: Clock, maxBody = MAX_BODY) {
    this.namespace = config.namespace;
    this.#connection = new Connection(config, clock);
    this.#clock = clock;
    this.#maxBody = maxBody;
  }

  get(ref: ObjectRef, signal?: AbortSignal, timeout?: number): Promise<Result<ApiObject>> {
    return this.#object({ method: 'GET', path: objectPath(ref), signal, timeout });
  }

  /** One page. With a name it is that object or nothing, which takes no more rights than reading it. */
  async list(
    collection: Collection,
    { limit = PAGE_SIZE, next, signal }: { limit?: number; next?: string | undefined; signal?: AbortSignal } = {},
  ): Promise<Result<Page>> {
    const query = {
      limit: String(limit),
      continue: next,
      fieldSelector: selector(collection),
      labelSelector: collection.labels,
    };
    const answer = await this.#call({ method: 'GET', path: collectionPath(collection), query, signal });
    if (answer.failure !== undefined) return answer;
    const { metadata, items } = (isRecord(answer.value) ? answer.value : {}) as Record<string, unknown>;
    const { resourceVersion, continue: following } = (isRecord(metadata) ? metadata : {}) as Record<string, unknown>;
    if (typeof resourceVersion !== 'string' || !(items === null || items === undefined || Array.isArray(items))) {
      return unreadable('answered with something that is no list');
    }
    return {
      value: {
        items: ((items ?? []) as readonly unknown[]).filter(isApiObject),
        resourceVersion,
        ...(typeof following === 'string' && following !== '' ? { next: following } : {}),
      },
    };
  }

  /** Resolves when it has ended, with a failure unless the server ended it. */
  async watch(collection: Collection, options: WatchOptions): Promise<Result<undefined>> {
    const { resourceVersion, timeoutSeconds, signal, onOpen, onEvent } = options;
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(timeoutSeconds),
      fieldSelector: selector(collection),
      labelSelector: collection.labels,
    };
    const opened = await this.#connection.send({
      method: 'GET',
      path: withQuery(collectionPath(collection), query),
      signal,
      headersTimeout: REQUEST_TIMEOUT,
      idleTimeout: WATCH_IDLE,
    });
    if (opened.failure !== undefined) return opened;
    const { statusCode, headers, body } = opened.value;
    if (statusCode !== 200) return this.#failure(statusCode, headers, body);
    onOpen();
    let failure: Result<undefined> | undefined;
    const splitter = new LineSplitter(MAX_LINE, (line) => {
      if (failure !== undefined) return;
      const event = parse(line);
      if (isWatchEvent(event)) onEvent(event);
      else if (isRecord(event) && event.type === 'ERROR') failure = { failure: failureOf(500, event.object) };
      else failure = unreadable('sent something that is no event');
    });
    try {
      for await (const chunk of body) {
        splitter.write(chunk as Buffer);
        if (failure !== undefined) break;
      }
    } catch (error) {
      body.on('error', () => {}).destroy();
      return { failure: connectionFailure(error) };
    }
    return failure ?? { value: undefined };
  }

  create(ref: Collection, object: unknown, timeout?: number): Promise<Result<ApiObject>> {
    const path = collectionPath(ref);
    return this.#object({ method: 'POST', path, contentType: JSON_TYPE, body: object, timeout });
  }

  /** Replaces an object; `metadata.resourceVersion` says which state of it. */
  replace(ref: ObjectRef, object: unknown, timeout?: number): Promise<Result<ApiObject>> {
    return this.#object({ method: 'PUT', path: objectPath(ref), contentType: JSON_TYPE, body: object, timeout });
  }

  /** Server-side apply: creates the object, or makes those of its fields so that are given. */
  apply(
    ref: ObjectRef,
    object: unknown,
    { fieldManager, force = false }: { fieldManager: string; force?: boolean },
  ): Promise<Result<ApiObject>> {
    const query = { fieldManager, force: String(force) };
    return this.#object({
      method: 'PATCH',
      path: objectPath(ref),
      query,
      contentType: APPLY_PATCH,
      body: { ...(object as object) },
    });
  }

  /** Merges into the status of that state of the object; another state is a 409. */
  patchStatus(ref: ObjectRef, resourceVersion: string, status: unknown): Promise<Result<ApiObject>> {
    return this.#object({
      method: 'PATCH',
      path: `${objectPath(ref)}/status`,
      contentType: MERGE_PATCH,
      body: { metadata: { resourceVersion }, status },
    });
  }

  /** @param uid only the object that has it, not a later one of the name */
  async delete(ref: ObjectRef, uid?: string): Promise<Result<undefined>> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Background',
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    const answer = await this.#call({ method: 'DELETE', path: objectPath(ref), contentType: JSON_TYPE, body });
    return answer.failure === undefined ? { value: undefined } : answer;
  }

  /** Ends everything under way. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  async #object(call: Call): Promise<Result<ApiObject>> {
    const answer = await this.#call(call);
    if (answer.failure !== undefined) return answer;
    return isApiObject(answer.value)
      ? { value: answer.value }
      : unreadable('answered with something that is no object');
  }

  async #call({ method, path, query = {}, contentType, body, signal, timeout }: Call): Promise<Result<unknown>> {
    const abort = new AbortController();
    const milliseconds = timeout ?? REQUEST_TIMEOUT;
    const timer = this.#clock.setTimeout(() => abort.abort(timeoutError(milliseconds)), milliseconds);
    const request = {
      method,
      path: withQuery(path, query),
      ...(contentType === undefined ? {} : { contentType }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]),
      headersTimeout: milliseconds,
      idleTimeout: milliseconds,
    };
    try {
      const answer = await this.#connection.send(request);
      if (answer.failure !== undefined) return answer;
      const { statusCode, headers, body: content } = answer.value;
      if (statusCode < 200 || statusCode > 299) return await this.#failure(statusCode, headers, content);
      const text = await readBody(content, this.#maxBody);
      if (text === undefined) return tooLarge(this.#maxBody);
      const value = parse(text);
      return value === undefined ? unreadable('answered with something that is no JSON') : { value };
    } catch (error) {
      return { failure: connectionFailure(error) };
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  async #failure(
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    body: AsyncIterable<unknown>,
  ): Promise<{ readonly failure: ReturnType<typeof failureOf> }> {
    const text = await readBody(body, this.#maxBody).catch(() => undefined);
    const retryAfter = headers['retry-after'];
    const value = text === undefined ? undefined : parse(text);
    return { failure: failureOf(status, value, typeof retryAfter === 'string' ? retryAfter : undefined) };
  }
}

/** Reason of the failure when an answer is longer than is read. */
export const TOO_LARGE = 'TooLarge';

const tooLarge = (longest: number): Result<never> => ({
  failure: { status: 0, reason: TOO_LARGE, message: `answered with more than ${longest} bytes` },
});

const unreadable = (message: string): Result<never> => ({ failure: { status: 0, reason: 'Unreadable', message } });

const timeoutError = (milliseconds: number): Error =>
  Object.assign(new Error(`no answer within ${milliseconds} ms`), { code: 'ETIMEDOUT' });

/** Undefined if it is too large. */
const readBody = async (body: AsyncIterable<unknown>, longest: number): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += (chunk as Buffer).length;
    // Leaving the loop ends the answer.
    if (length > longest) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isWatchEvent = (value: unknown): value is WatchEvent =>
  isRecord(value) &&
  ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'].includes(String(value.type)) &&
  (isApiObject(value.object) || (value.type === 'BOOKMARK' && isRecord(value.object)));

const selector = ({ name }: Collection): string | undefined =>
  name === undefined ? undefined : `metadata.name=${name}`;

const withQuery = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
  const parameters = Object.entries(query).filter(([, value]) => value !== undefined) as [string, string][];
  return parameters.length === 0 ? path : `${path}?${new URLSearchParams(parameters)}`;
};
