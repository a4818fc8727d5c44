import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/** The span in which an agent decides to call a tool: where the prompt came from. */
export interface AgentSpan {
  readonly traceId: string;
  readonly spanId: string;
}

/** Calls one tool with the official client, as an agent that is itself traced (W3C `traceparent`). Returns the answer's text. */
export const callTool = async (
  url: string,
  agent: AgentSpan,
  tool: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> },
): Promise<string> => {
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { traceparent: `00-${agent.traceId}-${agent.spanId}-01` } },
  });
  const client = new Client({ name: 'tooltrail-demo', version: '1' });
  // The SDK's types were not written for exactOptionalPropertyTypes.
  await client.connect(transport as Transport);
  try {
    await client.listTools();
    const { content } = await client.callTool({ name: tool.name, arguments: { ...tool.arguments } });
    const [first] = Array.isArray(content) ? content : [];
    return typeof first?.text === 'string' ? first.text : JSON.stringify(content);
  } finally {
    await transport.terminateSession().catch(() => {});
    await client.close();
  }
};
