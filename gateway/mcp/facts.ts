import { type McpResourceType, mcpMethod } from '../../lib/api/mcp.ts';
import type { KnownNames } from '../telemetry/names.ts';
import type { McpFacts } from '../telemetry/record.ts';
import type { Outcome } from './answer/outcome.ts';
import { type ClientMessage, isObject, type JsonObject, own } from './message.ts';

/** Names and method names are recorded up to this many characters. */
export const MAX_RECORDED_LENGTH = 1_024;

/** Facts of an exchange before its message is read; GET and DELETE have none. */
export const noFacts = (): McpFacts => ({
  method: undefined,
  requestId: undefined,
  sessionId: undefined,
  protocolVersion: undefined,
  target: undefined,
  resourceType: undefined,
  name: undefined,
  nameKnown: false,
  errorCode: undefined,
  errorMessage: undefined,
  toolError: false,
  cancelled: false,
  arguments: undefined,
  result: undefined,
});

/** The target that an exchange is with. */
export interface FactsContext {
  /** Its name. */
  readonly target: string;
  /** It, among the targets of all backends. */
  readonly key: string;
  readonly names: KnownNames;
}

/** Notes what the client's message asks of a target. */
export const noteMessage = (facts: McpFacts, message: ClientMessage, { target, key, names }: FactsContext): void => {
  if (message.kind === 'response') {
    return;
  }
  facts.method = message.method.slice(0, MAX_RECORDED_LENGTH);
  if (message.kind === 'request') {
    facts.requestId = message.id;
  }
  const named = namedThing(message.method, message.params);
  if (named !== undefined) {
    facts.target = target;
    facts.resourceType = named.type;
    facts.name = named.name.slice(0, MAX_RECORDED_LENGTH);
    facts.nameKnown = names.has(key, named.type, named.name);
  }
  const version = own(message.params, 'protocolVersion');
  if (message.method === 'initialize' && typeof version === 'string') {
    facts.protocolVersion = version.slice(0, MAX_RECORDED_LENGTH);
  }
};

/** Notes how it went, and learns the names that the target has thereby shown to exist. */
export const noteOutcome = (facts: McpFacts, outcome: Outcome, { key, names }: FactsContext): void => {
  facts.errorCode = outcome.errorCode;
  facts.errorMessage = outcome.errorMessage;
  facts.toolError = outcome.toolError;
  facts.result = outcome.result;
  facts.protocolVersion = outcome.protocolVersion ?? facts.protocolVersion;
  const method = mcpMethod(facts.method ?? '');
  if (method?.lists !== undefined) {
    for (const name of outcome.listed[method.lists.list] ?? []) {
      names.learn(key, method.lists.type, name);
    }
  }
  // No proof: an unknown tool may be answered with `isError`, a resource template answers to any number of URIs, a completion to any prompt.
  const { name, resourceType } = facts;
  const exists = outcome.errorCode === undefined && !outcome.toolError && method?.names !== 'reference';
  if (exists && name !== undefined && (resourceType === 'tool' || resourceType === 'prompt')) {
    names.learn(key, resourceType, name);
    facts.nameKnown = names.has(key, resourceType, name);
  }
};

const namedThing = (
  method: string,
  params: JsonObject,
): { readonly type: McpResourceType; readonly name: string } | undefined => {
  const names = mcpMethod(method)?.names;
  if (names === undefined) {
    return undefined;
  }
  if (names === 'reference') {
    return referencedThing(own(params, 'ref'));
  }
  const name = own(params, names.field);
  return typeof name === 'string' ? { type: names.type, name } : undefined;
};

/** `completion/complete`: a prompt by name, or a resource by URI or URI template. */
const referencedThing = (ref: unknown): { readonly type: McpResourceType; readonly name: string } | undefined => {
  if (!isObject(ref)) {
    return undefined;
  }
  const type = own(ref, 'type');
  const name = type === 'ref/prompt' ? own(ref, 'name') : type === 'ref/resource' ? own(ref, 'uri') : undefined;
  return typeof name === 'string' ? { type: type === 'ref/prompt' ? 'prompt' : 'resource', name } : undefined;
};
