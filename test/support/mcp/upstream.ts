import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen, type TestServer } from './gateway.ts';

/** How a scripted upstream answers. */
export type Script = (response: ServerResponse, request: IncomingMessage, body: string) => void;

export interface ScriptedUpstream extends TestServer {
  /** What came, oldest first. */
  readonly requests: readonly { readonly request: IncomingMessage; readonly body: string }[];
  /** Answers everything but `initialize`, which opens the session `upstream-session`. */
  script: Script;
}

/** An MCP server that does as the test says. */
export const startUpstream = async (script: Script): Promise<ScriptedUpstream> => {
  const requests: { request: IncomingMessage; body: string }[] = [];
  const server = await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      requests.push({ request, body });
      const answer = body.includes('"initialize"') ? answerInitialize : upstream.script;
      answer(response, request, body);
    });
  });
  const upstream = { ...server, requests, script };
  return upstream;
};

const answerInitialize: Script = (response) =>
  json(response, { jsonrpc: '2.0', id: 1, result: { protocolVersion: '2025-11-25' } }, 200, {
    'mcp-session-id': 'upstream-session',
  });

export const json = (
  response: ServerResponse,
  message: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(message));
};

/** Begins an event stream; its headers are sent. */
export const events = (response: ServerResponse, headers: Record<string, string> = {}): ServerResponse => {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  response.flushHeaders();
  return response;
};

/** The answer to `toolCall`. */
export const ANSWER = { jsonrpc: '2.0', id: 2, result: { content: [{ type: 'text', text: 'hi' }] } };
