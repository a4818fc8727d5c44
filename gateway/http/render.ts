import { STATUS_CODES } from 'node:http';
import { GatewayError } from '../errors.ts';
import type { Exchange } from '../exchange.ts';
import { errorBody } from '../mcp/jsonrpc.ts';
import type { Answer } from '../policy/answer.ts';
import type { RequestRecord } from '../telemetry/record.ts';

/** RFC 9110 §8.6, §15.4.5: no body, and no length of one. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 304]);

/** Notes in the record why a request failed, unless somebody did who knew better. */
export const noteError = (record: RequestRecord, error: GatewayError): void => {
  if (record.error !== undefined) return;
  record.error = { type: error.code, message: error.message };
  record.reason = error.info.reason;
};

/** What tells a client of an error: JSON-RPC to one that speaks MCP where the error has a code there, otherwise a line of text. */
const errorAnswer = (error: GatewayError, record: RequestRecord | undefined): Answer => {
  const { status, jsonrpc } = error.info;
  const speaksMcp = record?.mcp !== undefined || record?.backend?.type === 'mcp';
  return jsonrpc === undefined || !speaksMcp
    ? { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: error.message }
    : { status, headers: { 'content-type': 'application/json' }, body: errorBody(record?.mcp?.requestId, error) };
};

/** Answers with an error. */
export const renderError = (exchange: Exchange, error: GatewayError, lingerTimeout: number): Promise<void> =>
  renderAnswer(
    exchange,
    error.code === 'client_closed' ? undefined : errorAnswer(error, exchange.record),
    lingerTimeout,
  );

/**
 * Answers, or breaks the connection where there is nothing to say, or something else was said. A body that is still on its way is let in
 * for a while and thrown away: a connection that is closed under a sender may take the answer with it.
 */
export const renderAnswer = async (
  { request, response }: Exchange,
  answer: Answer | undefined,
  lingerTimeout: number,
): Promise<void> => {
  // The rest of a small request comes with its header, but is parsed after it.
  if (!request.complete) await new Promise((resolve) => setImmediate(resolve));
  if (response.headersSent || response.destroyed || answer === undefined) {
    // What has begun cannot be told otherwise.
    response.destroy();
    return;
  }
  const { status, headers } = answer;
  const bodiless = WITHOUT_BODY.has(status);
  const body = bodiless ? '' : answer.body;
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
  if (!bodiless) response.setHeader('content-length', Buffer.byteLength(body));
  const unread = !request.complete;
  if (unread) response.setHeader('connection', 'close');
  response.writeHead(status);
  if (!unread) {
    response.end(body);
    return;
  }
  response.write(body);
  await drained(request, lingerTimeout);
  response.end();
};

const drained = (request: Exchange['request'], timeout: number): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      request.off('end', finish).off('close', finish).off('error', finish);
      request.on('error', () => {});
      resolve();
    };
    const timer = setTimeout(finish, timeout);
    request.on('end', finish).on('close', finish).on('error', finish);
    request.resume();
    if (request.destroyed || request.readableEnded) finish();
  });

/** An error that nobody foresaw, as the client may see it; what it was stays in the log. */
export const foreseen = (error: unknown): GatewayError =>
  error instanceof GatewayError ? error : new GatewayError('internal_error', { cause: error });

/** Whether a parser complains of bytes after a request that said `Connection: close`. */
export const isBehindLast = (error: Error & { readonly code?: unknown }): boolean =>
  error.code === 'HPE_CLOSED_CONNECTION';

/** A parser's or timer's verdict on what a client sends; undefined: the connection broke, and nobody is there to be told. */
export const faultOf = (error: Error & { readonly code?: unknown }): GatewayError | undefined => {
  const code = String(error.code);
  if (code === 'HPE_HEADER_OVERFLOW') return new GatewayError('headers_too_large');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new GatewayError('request_timeout');
  return code.startsWith('HPE_') ? new GatewayError('request_malformed') : undefined;
};

/** An error as a whole HTTP/1.1 message that ends the connection, for when there is no response object. */
export const rawAnswer = (error: GatewayError): { readonly message: string; readonly bytes: number } => {
  const { status, headers, body } = errorAnswer(error, undefined);
  const bytes = Buffer.byteLength(body);
  const message =
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: ${headers['content-type']}\r\ncontent-length: ${bytes}\r\n` +
    `connection: close\r\n\r\n${body}`;
  return { message, bytes };
};
