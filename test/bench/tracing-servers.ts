import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

/** A worker: an MCP server with one tool, and a collector that takes everything. Its message says where they listen. */
const upstream = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString()) as {
      readonly id?: number;
      readonly method: string;
    };
    const result =
      method === 'initialize'
        ? { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'bench', version: '1' } }
        : { content: [{ type: 'text', text: '{"login":"octocat"}' }] };
    const session = method === 'initialize' ? { 'mcp-session-id': 'bench' } : {};
    response.writeHead(200, { 'content-type': 'application/json', ...session });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });
});

const collector = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});

/** Reads, and never answers. */
const hanging = createServer((request) => void request.resume());

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

const ports = { upstream: await listen(upstream), takes: await listen(collector), hangs: await listen(hanging) };
parentPort?.postMessage(ports);
