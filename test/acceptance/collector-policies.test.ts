import { expect, test } from '@jest/globals';
import { startOtlpReceiver } from '../../gateway/demo/otlp-receiver.ts';
import { eventually } from '../support/acceptance/eventually.ts';
import { startGateway } from '../support/acceptance/gateway.ts';
import { plainManifests } from '../support/acceptance/manifests.ts';
import { closingAfterAll } from '../support/closing.ts';
import { freePort } from '../support/free-port.ts';
import { openSession, post, toolCall } from '../support/mcp/client.ts';
import { ANSWER, json, startUpstream } from '../support/mcp/upstream.ts';
import { selfSigned } from '../support/otlp/certificate.ts';

const HOST = 'collector.telemetry.svc.cluster.local';
const keep = closingAfterAll();

const manifests = (ca: string, secret: string): string => `---
apiVersion: v1
kind: ConfigMap
metadata: { name: authority, namespace: telemetry }
data: { ca.crt: ${JSON.stringify(ca)} }
---
apiVersion: v1
kind: Secret
metadata: { name: team, namespace: telemetry }
stringData: { key: ${secret} }
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: tracing, namespace: telemetry }
spec:
  from: [{ group: agentgateway.dev, kind: AgentgatewayPolicy, namespace: test }]
  to: [{ group: '', kind: Service }]
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: collector, namespace: telemetry }
spec:
  targetRefs: [{ group: '', kind: Service, name: collector }]
  backend:
    tls: { caCertificateRefs: [{ name: authority }] }
    auth: { credentials: [{ location: { header: { name: X-Team } }, secretRef: { name: team, key: key } }] }
---
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayPolicy
metadata: { name: tracing, namespace: test }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gateway }]
  frontend:
    tracing:
      backendRef: { name: collector, namespace: telemetry, port: 4317 }
      randomSampling: 'true'
`;

test('a collector behind TLS that asks for a key gets both from policies of its Service, and the key from its Secret', async () => {
  const { key, cert, ca } = await selfSigned(HOST);
  const collector = keep(await startOtlpReceiver({ protocol: 'grpc', tls: { key, cert } }), ({ close }) => close());
  const upstream = keep(await startUpstream((response) => json(response, ANSWER)), (server) => server.close());
  const port = await freePort();
  const plain = plainManifests(port, Number(new URL(upstream.url).port));
  const gateway = keep(
    await startGateway({
      manifests: plain + manifests(ca, 's3cret-1'),
      port,
      connectTo: { [`${HOST}:4317`]: collector.port },
      env: { OTEL_BSP_SCHEDULE_DELAY: '100' },
    }),
    (process) => process.stop(),
  );
  const session = await openSession(gateway.url);
  await (await post(gateway.url, toolCall('echo'), session)).text();
  // Sooner than by default.
  const spans = await collector.waitFor((all) => all.some(({ name }) => name === 'tools/call echo'), 4_000);
  expect(spans.length).toBeGreaterThanOrEqual(4);
  expect(collector.headers()['x-team']).toBe('s3cret-1');

  await gateway.rewrite(plain + manifests(ca, 's3cret-2'));
  await eventually(
    'the new key',
    async () => {
      await (await post(gateway.url, toolCall('echo'), session)).text();
      return collector.headers()['x-team'] === 's3cret-2' || undefined;
    },
    20_000,
  );
  expect(await gateway.configDump()).toContain(HOST);
  expect((await gateway.configDump()) + gateway.output()).not.toContain('s3cret');
});
