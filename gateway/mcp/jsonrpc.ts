import type { GatewayError } from '../errors.ts';

/** MCP: a request's id is a string or a number and never null. */
export type JsonRpcId = string | number;

/** JSON-RPC 2.0 §5.1, Internal error: for a failure whose table entry has no code of its own. */
const INTERNAL_ERROR = -32603;

/** The JSON-RPC answer that tells a client of a gateway error; `id` is undefined when the request's was not read (§5: null). */
export const errorBody = (id: JsonRpcId | undefined, error: GatewayError): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: id ?? null,
    error: {
      code: error.info.jsonrpc ?? INTERNAL_ERROR,
      message: error.message,
      ...(error.data === undefined ? {} : { data: error.data }),
    },
  });

/** The same as a server-sent event. */
export const errorEvent = (id: JsonRpcId | undefined, error: GatewayError): string =>
  `event: message\ndata: ${errorBody(id, error)}\n\n`;
