import { expect, test } from '@jest/globals';
import definitions from '@opentelemetry/otlp-transformer/build/src/generated/root.js';
import { eventually } from '../support/acceptance/eventually.ts';
import { startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { openSession, post, toolCall } from '../support/mcp/client.ts';
import { listen } from '../support/mcp/gateway.ts';
import { ANSWER, json, startUpstream } from '../support/mcp/upstream.ts';

/** The access log over OTLP/HTTP, read with the OpenTelemetry project's definitions. */
interface LogRequest {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly {
        readonly traceId: string;
        readonly spanId: string;
        readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
      }[];
    }[];
  }[];
}
interface Definitions {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly logs: {
          readonly v1: {
            readonly ExportLogsServiceRequest: {
              decode(bytes: Uint8Array): object;
              toObject(message: object, options: object): LogRequest;
            };
          };
        };
      };
    };
  };
}
const { ExportLogsServiceRequest } = (definitions as unknown as Definitions).opentelemetry.proto.collector.logs.v1;

const keep = closingAfterAll();

test('what the access log says goes to a collector, with the ids of the span', async () => {
  const requests: LogRequest[] = [];
  const collector = keep(
    await listen((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        expect(request.url).toBe('/v1/logs');
        const message = ExportLogsServiceRequest.decode(Buffer.concat(chunks));
        requests.push(ExportLogsServiceRequest.toObject(message, { bytes: String, longs: String }));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    }),
    (server) => server.close(),
  );
  const upstream = keep(await startUpstream((response) => json(response, ANSWER)), (server) => server.close());
  const port = await freePort();
  const url = new URL(collector.url).origin;
  const policy = `---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: log, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    tracing: { url: 'http://127.0.0.1:9', clientSampling: 'true' }
    accessLog:
      attributes: { add: [{ name: tool, expression: mcp.tool.name }] }
      otlp: { url: '${url}', protocol: HTTP, filter: 'mcp.methodName == "tools/call"' }
`;
  const manifests = plainManifests(port, Number(new URL(upstream.url).port)) + policy;
  const gateway = keep(await startGateway({ manifests, port }), (process) => process.stop());
  const session = await openSession(gateway.url);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await (await post(gateway.url, toolCall('echo'), { ...session, traceparent })).text();

  const [request] = await eventually('a request', () => (requests.length > 0 ? requests : undefined));
  const records =
    request?.resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)) ?? [];
  expect(records).toHaveLength(1);
  const [record] = records;
  expect(Buffer.from(record?.traceId ?? '', 'base64').toString('hex')).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  const line = await gateway.printed(/mcp\.method\.name=tools\/call/);
  expect(line).toContain(` span.id=${Buffer.from(record?.spanId ?? '', 'base64').toString('hex')} `);
  const attributes = Object.fromEntries(record?.attributes.map(({ key, value }) => [key, value.stringValue]) ?? []);
  expect(attributes).toMatchObject({ tool: 'echo', 'http.path': '/mcp', gateway: 'test/gateway' });
  expect(await gateway.metrics()).toContain('tooltrail_log_records_exported_total{policy="test/log"} 1\n');
});
