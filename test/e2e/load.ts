import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/**
 * Official clients that call a tool again and again, each in a session of its own, until standard input ends: `load.ts URL CLIENTS`. Prints
 * a line when all sessions are open, then the sums. Run where the cluster's addresses are.
 */
const [url = '', clients = ''] = process.argv.slice(2);
const PAUSE = 20;
const MAX_FAILURES = 20;

let stopped = false;
process.stdin.on('end', () => {
  stopped = true;
});
process.stdin.resume();

let served = 0;
const failures: string[] = [];

const open = async (): Promise<Client> => {
  const client = new Client({ name: 'load', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
};

const call = async (client: Client): Promise<void> => {
  while (!stopped) {
    const message = String(served);
    try {
      const { content } = await client.callTool({ name: 'echo', arguments: { message } });
      if (JSON.stringify(content).includes('Echo: ')) served += 1;
      else failures.push(JSON.stringify(content));
    } catch (error) {
      failures.push(`${error} ${(error as Error).cause ?? ''}`);
    }
    await sleep(PAUSE);
  }
};

const sessions = await Promise.all(Array.from({ length: Number(clients) }, open));
console.log('open');
await Promise.all(sessions.map(call));
console.log(JSON.stringify({ served, failed: failures.length, failures: failures.slice(0, MAX_FAILURES) }));
process.exit();
