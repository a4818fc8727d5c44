import { isUtf8 } from 'node:buffer';
import { GatewayError } from '../errors.ts';
import type { JsonRpcId } from './jsonrpc.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Arrays and objects in one another that a request may have. */
export const MAX_NESTING = 128;

/** One JSON-RPC 2.0 message as a client may post it. */
export type ClientMessage =
  | { readonly kind: 'request'; readonly method: string; readonly id: JsonRpcId; readonly params: JsonObject }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  | {
      readonly kind: 'response';
      /** Null: of an error about a request that could not be read. */
      readonly id: JsonRpcId | null;
      readonly errorCode: number | undefined;
    };

export type JsonObject = Readonly<Record<string, unknown>>;

const NO_PARAMS: JsonObject = Object.freeze({});

/**
 * Reads a POST's body.
 * @throws GatewayError nesting_too_deep, parse_error, batch_unsupported, invalid_request
 */
export const parseMessage = (body: Buffer): ClientMessage => {
  if (exceedsDepth(body, MAX_NESTING)) {
    throw new GatewayError('nesting_too_deep', { detail: `more than ${MAX_NESTING} levels` });
  }
  const message = parseJson(body);
  if (Array.isArray(message)) {
    throw new GatewayError('batch_unsupported');
  }
  if (!isObject(message) || own(message, 'jsonrpc') !== '2.0') {
    throw new GatewayError('invalid_request', { detail: 'jsonrpc must be "2.0"' });
  }
  return Object.hasOwn(message, 'method') ? parseCall(message) : parseResponse(message);
};

const parseJson = (body: Buffer): unknown => {
  if (!isUtf8(body)) {
    throw new GatewayError('parse_error', { detail: 'not UTF-8' });
  }
  try {
    // RFC 8259 §8.1: a byte order mark may be ignored.
    return JSON.parse(body.toString('utf8').replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own words quote the body.
    throw new GatewayError('parse_error');
  }
};

const parseCall = (message: JsonObject): ClientMessage => {
  const method = own(message, 'method');
  if (typeof method !== 'string' || method === '') {
    throw new GatewayError('invalid_request', { detail: 'method must be a string' });
  }
  if (Object.hasOwn(message, 'result') || Object.hasOwn(message, 'error')) {
    throw new GatewayError('invalid_request', { detail: 'method next to result or error' });
  }
  const given = own(message, 'params');
  if (given !== undefined && (typeof given !== 'object' || given === null)) {
    throw new GatewayError('invalid_request', { detail: 'params must be an object' });
  }
  const params = isObject(given) ? given : NO_PARAMS;
  if (!Object.hasOwn(message, 'id')) {
    return { kind: 'notification', method, params };
  }
  const id = own(message, 'id');
  if (!isId(id)) {
    throw new GatewayError('invalid_request', { detail: 'id must be a string or a number' });
  }
  return { kind: 'request', method, id, params };
};

const parseResponse = (message: JsonObject): ClientMessage => {
  const hasResult = Object.hasOwn(message, 'result');
  if (hasResult === Object.hasOwn(message, 'error')) {
    throw new GatewayError('invalid_request', { detail: 'neither a request nor a response' });
  }
  const id = own(message, 'id');
  // JSON-RPC 2.0 §5: an error about a request whose id could not be read has id null.
  if (!isId(id) && (hasResult || id !== null)) {
    throw new GatewayError('invalid_request', { detail: 'id must be a string or a number' });
  }
  const error = own(message, 'error');
  if (
    !hasResult &&
    !(isObject(error) && Number.isInteger(own(error, 'code')) && typeof own(error, 'message') === 'string')
  ) {
    throw new GatewayError('invalid_request', { detail: 'error must have a code and a message' });
  }
  return {
    kind: 'response',
    id: isId(id) ? id : null,
    errorCode: hasResult ? undefined : (own(error as JsonObject, 'code') as number),
  };
};

const isId = (value: unknown): value is JsonRpcId => typeof value === 'string' || typeof value === 'number';

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the message itself says: never an inherited property. */
export const own = (object: JsonObject, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Whether a JSON text has more than `limit` containers in one another; brackets in strings do not count. For any bytes, in one pass. */
export const exceedsDepth = (json: Uint8Array, limit: number): boolean => {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (inString) {
      if (byte === BACKSLASH) {
        at += 1;
      } else if (byte === QUOTE) {
        inString = false;
      }
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth += 1;
      if (depth > limit) {
        return true;
      }
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth -= 1;
    }
  }
  return false;
};
