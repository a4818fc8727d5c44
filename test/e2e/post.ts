import { resolve } from 'node:path';
import { eventually } from '../support/acceptance/eventually.ts';
import { driver } from './driver.ts';
import { EVERYTHING } from './everything.ts';

/** The post's objects as dist/ has them, but for the MCP server, which is the reference server inside the cluster. */
export const NAMESPACE = 'agentgateway-system';
export const GATEWAY = 'mcp-gateway';
export const TELEMETRY = 'telemetry';
/** Milliseconds for what a controller does. */
export const WAIT = 60_000;

const { kubectl } = driver;

/** Points the post's backend to the reference server. */
export const useEverything = async (): Promise<void> => {
  const { host, port, path } = EVERYTHING;
  const target = {
    name: 'github-copilot',
    static: { host, port, path, protocol: 'StreamableHTTP', policies: { auth: { secretRef: { name: 'github-pat' } } } },
  };
  const change = JSON.stringify({ spec: { mcp: { targets: [target] } } });
  await kubectl.must([
    'patch',
    'agentgatewaybackend',
    'github-mcp-server',
    '-n',
    NAMESPACE,
    '--type=merge',
    '-p',
    change,
  ]);
};

/** What the load balancer gave the Gateway. */
export const gatewayAddress = (): Promise<string> =>
  eventually(
    'an address in the status',
    async () => {
      const { status } = (await kubectl.get('gateway', GATEWAY, NAMESPACE)) as unknown as {
        readonly status?: { readonly addresses?: readonly { readonly value: string }[] };
      };
      return status?.addresses?.[0]?.value;
    },
    WAIT,
  );

/** A call by the official client, outside of the pods. Resolves with the tool's answer. */
export const callTool = async (traceparent: string, tool: string, parameters: object): Promise<unknown> => {
  const url = `http://${await gatewayAddress()}:3000/mcp`;
  const script = [resolve('test/e2e/call.ts'), url, traceparent, tool, JSON.stringify(parameters)];
  const { code, out, err } = await driver.in(process.execPath, script);
  if (code !== 0 || err !== '') throw new Error(`the client ended with ${code}: ${err}`);
  return JSON.parse(out);
};

/** Asks a Service of the telemetry namespace by way of the API server. */
export const ask = async (service: string, path: string): Promise<unknown> =>
  JSON.parse(await kubectl.must(['get', '--raw', `/api/v1/namespaces/${TELEMETRY}/services/${service}/proxy${path}`]));
