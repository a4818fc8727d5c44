import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import type { Access, ClusterConfig } from '../../../gateway/kubernetes/config/access.ts';
import { freePort } from '../free-port.ts';
import { appliedFields } from './managed-fields.ts';
import { type Change, collectionOf, ObjectStore, type Stored } from './store.ts';

/** A request as it came in. */
export interface SeenRequest {
  readonly method: string;
  /** `group/plural`. */
  readonly collection: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly version: string;
  readonly query: URLSearchParams;
  readonly watch: boolean;
}

/** In place of the usual answer. `cut` breaks the connection, `hang` never answers, `text` is sent as it is. */
export type Fault =
  | { readonly status: number; readonly reason?: string; readonly retryAfter?: number; readonly tooNew?: true }
  | { readonly text: string }
  | 'cut'
  | 'hang';

interface Watch {
  readonly seen: SeenRequest;
  readonly response: ServerResponse;
}

/** An API server in memory that does on real sockets what the real one does, and fails when it is told to. */
export class ApiServer {
  readonly store = new ObjectStore();
  readonly requests: SeenRequest[] = [];
  /** Asked before every answer. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  /** The only token that is let in. */
  token = 'token-1';
  /** What clients find when they read their credentials. */
  offered: () => string = () => this.token;
  readonly #watches = new Set<Watch>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  async start(): Promise<this> {
    // Not one that another test's server may get while this one is stopped.
    this.#port ||= await freePort();
    const server = createServer((request, response) => {
      void this.#serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  /** Goes away with all connections; `start` brings it back at the same port. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  get config(): ClusterConfig {
    const access = async (): Promise<Access> => ({ token: this.offered() });
    return { server: new URL(`http://127.0.0.1:${this.#port}`), namespace: 'own', access };
  }

  /** @param fields who manages which of its fields; default: who applied those that stay as they were */
  put(object: Stored, fields?: readonly unknown[]): Stored {
    const stored = this.store.put(object, fields);
    this.#tell();
    return stored;
  }

  remove(info: { readonly group: string; readonly plural: string }, namespace: string | undefined, name: string): void {
    this.store.remove(collectionOf(info), namespace, name);
    this.#tell();
  }

  /** All watches that are open: of this collection, of all. */
  watches(collection?: string): number {
    return [...this.#watches].filter(({ seen }) => collection === undefined || seen.collection === collection).length;
  }

  cutWatches(): void {
    for (const { response } of this.#watches) response.destroy();
  }

  /** Forgets what came before now, and tells watches so in their streams. */
  compact(): void {
    this.store.compacted = this.store.version;
    for (const watch of this.#watches) {
      this.#watches.delete(watch);
      send(watch.response, { type: 'ERROR', object: statusObject(410, 'Expired') });
      watch.response.end();
    }
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.store.version) } };
    for (const { response } of this.#watches) send(response, { type: 'BOOKMARK', object });
  }

  /** Sends this to all watches, byte for byte. */
  interject(line: string): void {
    for (const { response } of this.#watches) response.write(line);
  }

  writes(): readonly SeenRequest[] {
    return this.requests.filter(({ method }) => method !== 'GET');
  }

  #told = 0;

  #tell(): void {
    const news = this.store.changes.slice(this.#told);
    this.#told = this.store.changes.length;
    for (const { seen, response } of this.#watches) {
      for (const change of news) if (concerns(seen, change.collection, change.object)) sendChange(response, change);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://api');
    const seen = parsePath(request.method ?? '', url);
    if (seen === undefined) return fail(response, 404, 'NotFound');
    this.requests.push(seen);
    const fault = this.fault(seen);
    if (fault === 'hang') return;
    if (fault === 'cut') return void response.destroy();
    if (fault !== undefined && 'text' in fault) return void response.end(fault.text);
    if (fault !== undefined) return fail(response, fault.status, fault.reason ?? 'Fault', fault);
    if (request.headers.authorization !== `Bearer ${this.token}`) return fail(response, 401, 'Unauthorized');
    const body = await text(request);
    if (seen.watch) return this.#watch(seen, response);
    if (request.method === 'GET' && seen.name === undefined) return this.#list(seen, response);
    return this.#object(request.method ?? '', seen, body === '' ? undefined : (JSON.parse(body) as Stored), response);
  }

  #list(seen: SeenRequest, response: ServerResponse): undefined {
    const all = this.store.list(seen.collection).filter((object) => concerns(seen, seen.collection, object));
    const limit = Number(seen.query.get('limit') ?? all.length);
    const [version = this.store.version, start = 0] = (seen.query.get('continue') ?? '')
      .split(':')
      .filter(Boolean)
      .map(Number);
    if (version < this.store.compacted) return fail(response, 410, 'Expired');
    const items = all.slice(start, start + limit).map(({ apiVersion: _, kind: __, ...item }) => item);
    const next = start + limit < all.length ? `${version}:${start + limit}` : undefined;
    return reply(response, 200, {
      kind: 'List',
      metadata: { resourceVersion: String(version), ...(next === undefined ? {} : { continue: next }) },
      items: items.length === 0 ? null : items,
    });
  }

  #watch(seen: SeenRequest, response: ServerResponse): undefined {
    const from = Number(seen.query.get('resourceVersion'));
    if (from < this.store.compacted) return fail(response, 410, 'Expired');
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    const watch = { seen, response };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    for (const change of this.store.changes) {
      if (change.version > from && concerns(seen, change.collection, change.object)) sendChange(response, change);
    }
  }

  #object(method: string, seen: SeenRequest, body: Stored | undefined, response: ServerResponse): undefined {
    const { collection, namespace, subresource } = seen;
    const name = seen.name ?? body?.metadata.name ?? '';
    const known = this.store.get(collection, namespace, name);
    if (method === 'POST') {
      if (known !== undefined) return fail(response, 409, 'AlreadyExists');
      return reply(response, 201, this.put(body as Stored));
    }
    const isApply = seen.query.has('fieldManager');
    if (known === undefined && !isApply) return fail(response, 404, 'NotFound');
    if (method === 'GET') return reply(response, 200, known);
    if (method === 'DELETE') {
      const { uid } = ((body as Record<string, unknown> | undefined)?.preconditions ?? {}) as { uid?: string };
      if (uid !== undefined && uid !== known?.metadata.uid) return fail(response, 409, 'Conflict');
      this.remove({ group: collection.split('/')[0] ?? '', plural: collection.split('/')[1] ?? '' }, namespace, name);
      return reply(response, 200, { kind: 'Status', status: 'Success' });
    }
    const given = body?.metadata?.resourceVersion;
    if (given !== undefined && given !== known?.metadata.resourceVersion) return fail(response, 409, 'Conflict');
    const merged = method === 'PUT' ? (body as Stored) : (mergePatch(known ?? {}, body) as Stored);
    const next = subresource === 'status' ? { ...(known as Stored), status: merged.status } : merged;
    if (!isApply) return reply(response, 200, this.put(next));
    // An apply that changes nothing leaves the version.
    const fields = appliedFields(seen.query.get('fieldManager') ?? '', known, body as Stored);
    const metadata = { ...known?.metadata, ...next.metadata, managedFields: fields };
    if (isDeepStrictEqual(known, { ...next, metadata })) return reply(response, 200, known);
    return reply(response, 200, this.put(next, fields));
  }
}

const PATH = /^\/(?:api|apis\/([^/]+))\/(v[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/;

const parsePath = (method: string, { pathname, searchParams }: URL): SeenRequest | undefined => {
  const [, group = '', version = '', namespace, plural, name, subresource] = PATH.exec(pathname) ?? [];
  if (plural === undefined) return undefined;
  const watch = searchParams.get('watch') === 'true';
  return {
    method,
    collection: `${group}/${plural}`,
    version,
    namespace,
    name,
    subresource,
    query: searchParams,
    watch,
  };
};

const concerns = ({ collection, namespace, query }: SeenRequest, other: string, { metadata }: Stored): boolean => {
  const name = query.get('fieldSelector')?.replace('metadata.name=', '');
  const labels = query.get('labelSelector')?.split(',') ?? [];
  const own = (metadata.labels ?? {}) as Readonly<Record<string, string>>;
  return (
    collection === other &&
    (namespace === undefined || namespace === metadata.namespace) &&
    (name === undefined || name === metadata.name) &&
    labels.every((label) => own[label.split('=')[0] ?? ''] === label.split('=')[1])
  );
};

/** RFC 7386. */
const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> = { ...(target as object) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = mergePatch(result[name], value);
  }
  return result;
};

const statusObject = (code: number, reason: string, tooNew?: boolean): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message: `${reason} for a test`,
  ...(tooNew ? { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } } : {}),
});

const fail = (
  response: ServerResponse,
  status: number,
  reason: string,
  { retryAfter, tooNew }: { readonly retryAfter?: number; readonly tooNew?: boolean } = {},
): undefined => {
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
  return reply(response, status, statusObject(status, reason, tooNew));
};

const reply = (response: ServerResponse, status: number, body: unknown): undefined => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const send = (response: ServerResponse, event: unknown): void => void response.write(`${JSON.stringify(event)}\n`);

const sendChange = (response: ServerResponse, { type, object }: Change): void => send(response, { type, object });
