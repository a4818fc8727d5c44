import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';

/** What both generations of the official client offer in the same form. */
interface Methods {
  getServerCapabilities(): unknown;
  getServerVersion(): unknown;
  getInstructions(): unknown;
  ping(): Promise<unknown>;
  listTools(): Promise<unknown>;
  listPrompts(): Promise<unknown>;
  listResources(): Promise<unknown>;
  listResourceTemplates(): Promise<unknown>;
  getPrompt(params: { name: string; arguments?: Record<string, string> }): Promise<unknown>;
  readResource(params: { uri: string }): Promise<unknown>;
  subscribeResource(params: { uri: string }): Promise<unknown>;
  unsubscribeResource(params: { uri: string }): Promise<unknown>;
  complete(params: Completion): Promise<unknown>;
  setLoggingLevel(level: 'debug' | 'error'): Promise<unknown>;
  close(): Promise<void>;
}

interface Completion {
  ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string };
  argument: { name: string; value: string };
  context?: { arguments: Record<string, string> };
}

/** What the server sent by itself. */
export interface Received {
  readonly what: 'sampling' | 'elicitation' | 'roots' | 'updated' | 'log' | 'progress';
  readonly params: unknown;
}

/** An official client with one session, which answers what servers ask. */
export interface OfficialClient {
  readonly methods: Methods;
  /** In the order in which it came. */
  readonly received: readonly Received[];
  sessionId(): string | undefined;
  callTool(name: string, args?: Record<string, unknown>, options?: { signal?: AbortSignal }): Promise<unknown>;
  /** DELETE of the session. */
  terminate(): Promise<void>;
}

export type Connect = (url: string, headers?: Record<string, string>) => Promise<OfficialClient>;

const INFO = { name: 'acceptance', version: '1' };
const CAPABILITIES = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };

const SAMPLED = {
  model: 'a-model',
  role: 'assistant' as const,
  content: { type: 'text' as const, text: 'What the model says: ✓' },
};
const ELICITED = { action: 'accept' as const, content: { name: 'Ada', check: true, integer: 7 } };
const ROOTS = { roots: [{ uri: 'file:///home/ada', name: 'Home' }] };

/** This client asks for the rest of a stream that ended with an error answer, a second later, also when it has been closed. */
const NO_RECONNECTION = {
  maxRetries: 0,
  initialReconnectionDelay: 1_000,
  maxReconnectionDelay: 1_000,
  reconnectionDelayGrowFactor: 1,
};

/** @modelcontextprotocol/sdk 1.x */
export const connectV1: Connect = async (url, headers = {}) => {
  const client = new ClientV1(INFO, { capabilities: CAPABILITIES });
  const received: Received[] = [];
  const note = <T>(what: Received['what'], params: unknown, answer: T): T => {
    received.push({ what, params });
    return answer;
  };
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => note('sampling', params, SAMPLED));
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => note('elicitation', params, ELICITED));
  client.setRequestHandler(ListRootsRequestSchema, ({ params }) => note('roots', params, ROOTS));
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => note('updated', params, undefined));
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => note('log', params, undefined));
  const transport = new TransportV1(new URL(url), { requestInit: { headers }, reconnectionOptions: NO_RECONNECTION });
  // The SDK's types were not written for exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<ClientV1['connect']>[0]);
  return {
    methods: client,
    received,
    sessionId: () => transport.sessionId,
    callTool: (name, args = {}, options = {}) =>
      client.callTool({ name, arguments: args }, undefined, {
        ...options,
        onprogress: (progress) => note('progress', progress, undefined),
      }),
    terminate: () => transport.terminateSession(),
  };
};

/** @modelcontextprotocol/client 2.x, speaking the protocol with sessions. */
export const connectV2: Connect = async (url, headers = {}) => {
  const client = new ClientV2(INFO, { capabilities: CAPABILITIES, versionNegotiation: { mode: 'legacy' } });
  const received: Received[] = [];
  const note = <T>(what: Received['what'], params: unknown, answer: T): T => {
    received.push({ what, params });
    return answer;
  };
  client.setRequestHandler('sampling/createMessage', ({ params }) => note('sampling', params, SAMPLED));
  client.setRequestHandler('elicitation/create', ({ params }) => note('elicitation', params, ELICITED));
  client.setRequestHandler('roots/list', ({ params }) => note('roots', params, ROOTS));
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => note('updated', params, undefined));
  client.setNotificationHandler('notifications/message', ({ params }) => note('log', params, undefined));
  const transport = new TransportV2(new URL(url), { requestInit: { headers } });
  await client.connect(transport);
  return {
    methods: client,
    received,
    sessionId: () => transport.sessionId,
    callTool: (name, args = {}, options = {}) =>
      client.callTool(
        { name, arguments: args },
        { ...options, onprogress: (progress) => note('progress', progress, undefined) },
      ),
    terminate: () => transport.terminateSession(),
  };
};
