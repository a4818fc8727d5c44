import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/**
 * A process: an MCP server on the official SDK whose tool `trace` answers with the trace context that it was called with, as JSON.
 * Arguments: port, and `json` or `sse`.
 */
const [port = '0', format = 'sse'] = process.argv.slice(2);
const FIELDS = ['traceparent', 'tracestate', 'baggage'];
const sessions = new Map<string, StreamableHTTPServerTransport>();

const pick = (values: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  Object.fromEntries(FIELDS.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]));

const open = async (): Promise<StreamableHTTPServerTransport> => {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: format === 'json',
    onsessioninitialized: (id) => {
      sessions.set(id, transport);
    },
  });
  const server = new McpServer({ name: 'tracing', version: '1' });
  server.registerTool('trace', {}, async ({ _meta, requestInfo }) => {
    const seen = { meta: pick(_meta), headers: pick(requestInfo?.headers), foreign: _meta?.['io.example/kept'] };
    return { content: [{ type: 'text', text: JSON.stringify(seen) }] };
  });
  // The SDK's types were not written for exactOptionalPropertyTypes.
  await server.connect(transport as Transport);
  return transport;
};

createServer((request, response) => {
  const id = request.headers['mcp-session-id'];
  const transport = typeof id === 'string' ? Promise.resolve(sessions.get(id)) : open();
  transport
    .then(async (found) => {
      if (found === undefined) response.writeHead(404).end();
      else await found.handleRequest(request, response);
    })
    .catch(() => response.destroy());
}).listen(Number(port), '127.0.0.1');
