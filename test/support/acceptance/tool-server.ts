import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { KeyPair } from './authority.ts';

/** Milliseconds that the tool works, with the header of its answer long sent. */
export const WORK = 150;

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** Name that the client asked for in the TLS handshake. */
  readonly serverName: string | undefined;
  /** Every value of a header, in the order of the bytes. */
  header(name: string): readonly string[];
}

export interface ToolServer {
  readonly port: number;
  readonly requests: readonly SeenRequest[];
  /** When the tool was done, milliseconds of the Unix epoch, oldest first. */
  readonly toolEnds: readonly number[];
  close(): Promise<void>;
}

/** An MCP server on the official SDK with one tool, `get_me`; it streams its answer and says the result last. */
export const startToolServer = async (tls?: KeyPair): Promise<ToolServer> => {
  const requests: SeenRequest[] = [];
  const toolEnds: number[] = [];
  const sessions = new Map<string, StreamableHTTPServerTransport>();

  const open = async (): Promise<StreamableHTTPServerTransport> => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
      },
    });
    const server = new McpServer({ name: 'github', version: '1' }, { capabilities: { logging: {} } });
    server.registerTool('get_me', { description: 'Who am I?' }, async (extra) => {
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'looking' } });
      await sleep(WORK);
      toolEnds.push(performance.timeOrigin + performance.now());
      return { content: [{ type: 'text', text: '{"login":"octocat"}' }] };
    });
    // The SDK's types were not written for exactOptionalPropertyTypes.
    await server.connect(transport as Transport);
    return transport;
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push(seen(request));
    const id = request.headers['mcp-session-id'];
    const transport = typeof id === 'string' ? sessions.get(id) : await open();
    if (transport === undefined) response.writeHead(404).end();
    else await transport.handleRequest(request, response);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    toolEnds,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const seen = ({ method = '', url = '', rawHeaders, socket }: IncomingMessage): SeenRequest => ({
  method,
  path: url,
  serverName: (socket as TLSSocket).servername || undefined,
  header: (name) => rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name),
});
