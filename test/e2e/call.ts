import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** Calls a tool with the official client, and prints the answer: `call.ts URL TRACEPARENT TOOL ARGUMENTS`. Run where the cluster's addresses are. */
const [url = '', traceparent = '', name = '', text = '{}'] = process.argv.slice(2);
const client = new Client({ name: 'e2e', version: '1' });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { traceparent } } }));
console.log(JSON.stringify(await client.callTool({ name, arguments: JSON.parse(text) })));
await client.close();
