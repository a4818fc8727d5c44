import { REQUEST_ATTRIBUTES as NAME } from '../../lib/api/telemetry/attributes.ts';
import { type CelContext, CelEvaluationError, type CelExpression } from '../../lib/cel/expression.ts';
import { Flattened } from '../../lib/cel/flatten.ts';
import { plainValue, toJson } from '../../lib/cel/json.ts';
import { redactQuery } from './capture/redact.ts';
import { hostname } from './context.ts';
import type { AttributeRules, AttributeValue } from './policy.ts';
import type { RequestRecord } from './record.ts';

/** Characters of a name whose end is what somebody sent; the rest is cut off. */
const MAX_NAME_LENGTH = 256;
/** Characters of a value; the rest is cut off. */
export const MAX_VALUE_LENGTH = 4_096;

const MAX_INT64 = 2n ** 63n - 1n;

export type Attributes = Map<string, AttributeValue>;

/** What the compatible system writes of a request, in its order, on the span and in the access log. */
export const requestAttributes = (record: RequestRecord, purpose: 'span' | 'log'): Attributes => {
  const { request, response, labels, trace, backend, mcp } = record;
  const attributes: Attributes = new Map();
  const set = (name: string, value: AttributeValue | undefined): void => {
    if (value !== undefined) attributes.set(name, typeof value === 'string' ? cut(value) : value);
  };
  set(NAME.gateway, labels.gateway);
  set(NAME.listener, labels.listener);
  set(NAME.routeRule, labels.routeRule);
  set(NAME.route, labels.route);
  set(NAME.sourceAddress, socketAddress(request.remoteAddress, request.remotePort));
  set(NAME.httpMethod, request.method);
  set(NAME.httpHost, hostname(request.host));
  set(NAME.httpPath, redactQuery(request.target));
  set(NAME.httpVersion, `HTTP/${request.httpVersion}`);
  set(NAME.httpStatus, response.status === 0 ? undefined : BigInt(response.status));
  set(NAME.traceId, trace?.traceId);
  set(NAME.spanId, trace?.spanId);
  set(NAME.protocol, backend?.protocol);
  set(NAME.mcpMethod, mcp?.method);
  set(NAME.mcpTarget, mcp?.target);
  set(NAME.mcpResourceType, mcp?.resourceType);
  set(NAME.mcpSession, mcp?.sessionId);
  if (purpose === 'log') set(NAME.error, record.error?.message);
  if (record.reason !== 'Upstream') set(NAME.reason, record.reason);
  set(NAME.duration, `${Math.max(0, Math.trunc(record.endTime - record.startTime))}ms`);
  if (purpose === 'span') {
    set(NAME.scheme, request.scheme);
    set(NAME.protocolVersion, request.httpVersion);
  }
  return attributes;
};

/**
 * Removes, then adds, in the policy's order: an added attribute takes the place of one that is there, and is left out when its expression
 * fails or is null. An empty string is kept. What `flatten` made becomes one attribute for each entry, `name.path`.
 */
export const applyRules = (attributes: Attributes, { add, remove }: AttributeRules, context: CelContext): void => {
  for (const name of remove) attributes.delete(name);
  for (const { name, expression } of add) {
    attributes.delete(name);
    const result = evaluate(expression, context);
    if (result instanceof Flattened) {
      for (const [path, item] of result.entries) set(attributes, `${name}.${path}`.slice(0, MAX_NAME_LENGTH), item);
    } else {
      set(attributes, name, result);
    }
  }
};

const set = (attributes: Attributes, name: string, result: unknown): void => {
  const value = attributeValue(plainValue(result));
  if (value !== undefined) attributes.set(name, value);
};

/** The value, or undefined when the evaluation fails. */
export const evaluate = (expression: CelExpression, context: CelContext): unknown => {
  try {
    return expression.evaluate(context);
  } catch (error) {
    if (error instanceof CelEvaluationError) return undefined;
    throw error;
  }
};

/** As the compatible system does: booleans as text, structures as JSON text. */
const attributeValue = (value: unknown): AttributeValue | undefined => {
  switch (typeof value) {
    case 'string':
      return cut(value);
    case 'boolean':
      return String(value);
    case 'number':
      return value;
    case 'bigint':
      return value > MAX_INT64 || value < -MAX_INT64 - 1n ? value.toString() : value;
    case 'object':
      return value === null ? undefined : jsonText(value);
    default:
      return undefined;
  }
};

const jsonText = (value: object): string | undefined => {
  try {
    return cut(toJson(value));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

const cut = (text: string): string => (text.length > MAX_VALUE_LENGTH ? text.slice(0, MAX_VALUE_LENGTH) : text);

const socketAddress = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
