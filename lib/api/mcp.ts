/** The vocabulary of the Model Context Protocol: what of a message the gateway and its telemetry know by name. */

/** Revisions that are served, oldest first. Source: modelcontextprotocol.io/specification. */
export const PROTOCOL_REVISIONS = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'] as const;

export type ProtocolRevision = (typeof PROTOCOL_REVISIONS)[number];

export const isProtocolRevision = (text: string): text is ProtocolRevision =>
  (PROTOCOL_REVISIONS as readonly string[]).includes(text);

export type McpResourceType = 'tool' | 'prompt' | 'resource' | 'task';

/** Where a request's parameters hold the name of the thing that it works on. */
export interface NameField {
  readonly type: McpResourceType;
  readonly field: 'name' | 'uri' | 'taskId';
}

/** Where an answer lists names: `result.<list>[].<field>`. */
export interface ListField {
  readonly type: McpResourceType;
  readonly list: string;
  readonly field: 'name' | 'uri';
}

export interface McpMethod {
  /** The operation is on one named thing. `reference`: `params.ref` says whether it is a prompt or a resource. */
  readonly names?: NameField | 'reference';
  /** The answer lists what may be named. */
  readonly lists?: ListField;
}

/** Every method of the served revisions, both directions. Any other method passes through, but is no metric label. */
export const MCP_METHODS = {
  initialize: {},
  ping: {},
  'tools/list': { lists: { type: 'tool', list: 'tools', field: 'name' } },
  'tools/call': { names: { type: 'tool', field: 'name' } },
  'prompts/list': { lists: { type: 'prompt', list: 'prompts', field: 'name' } },
  'prompts/get': { names: { type: 'prompt', field: 'name' } },
  'resources/list': { lists: { type: 'resource', list: 'resources', field: 'uri' } },
  'resources/templates/list': {},
  'resources/read': { names: { type: 'resource', field: 'uri' } },
  'resources/subscribe': { names: { type: 'resource', field: 'uri' } },
  'resources/unsubscribe': { names: { type: 'resource', field: 'uri' } },
  'completion/complete': { names: 'reference' },
  'logging/setLevel': {},
  'tasks/list': {},
  'tasks/get': { names: { type: 'task', field: 'taskId' } },
  'tasks/result': { names: { type: 'task', field: 'taskId' } },
  'tasks/cancel': { names: { type: 'task', field: 'taskId' } },
  'roots/list': {},
  'sampling/createMessage': {},
  'elicitation/create': {},
  'notifications/initialized': {},
  'notifications/cancelled': {},
  'notifications/progress': {},
  'notifications/message': {},
  'notifications/tools/list_changed': {},
  'notifications/prompts/list_changed': {},
  'notifications/resources/list_changed': {},
  'notifications/resources/updated': {},
  'notifications/roots/list_changed': {},
  'notifications/elicitation/complete': {},
  'notifications/tasks/status': {},
} as const satisfies Record<string, McpMethod>;

export type KnownMethod = keyof typeof MCP_METHODS;

/** What is known of a method; undefined for methods that are not the protocol's own. */
export const mcpMethod = (method: string): McpMethod | undefined =>
  Object.hasOwn(MCP_METHODS, method) ? MCP_METHODS[method as KnownMethod] : undefined;
