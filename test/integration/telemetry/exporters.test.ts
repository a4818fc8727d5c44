import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { type OtlpReceiver, startOtlpReceiver } from '../../../gateway/demo/otlp-receiver.ts';
import { createAuthority } from '../../support/acceptance/authority.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { find, synth, type Written } from '../../support/charts.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { secretKey } from '../../support/stack/cases.ts';
import { startCollector } from '../../support/stack/collector.ts';
import { COLLECTOR, type CollectorOptions, collectorApp } from '../../support/stack/configs.ts';
import { temporaryFolder } from '../../support/stack/program.ts';

/** Exporters that a stack adds: over both transports, in plain text and with certificates of both sides, with credentials of a Secret. */
const KEY = 'value of the secret';
/** Nothing of it is a variable. */
const NOTE = ['costs $5 or $', '{env:PATH} $$'].join('');

const keep = closingAfterAll();
let grpc: OtlpReceiver;
let http: OtlpReceiver;
let options: CollectorOptions;

interface Container {
  readonly env: readonly { readonly name: string; readonly valueFrom?: { readonly secretKeyRef: object } }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

const containerOf = (objects: readonly Written[]): Container =>
  (find(objects, 'Deployment', COLLECTOR).spec as { template: { spec: { containers: [Container] } } }).template.spec
    .containers[0];

beforeAll(async () => {
  const tempo = keep(await startOtlpReceiver({ protocol: 'grpc' }), (receiver) => receiver.close());
  grpc = keep(await startOtlpReceiver({ protocol: 'grpc' }), (receiver) => receiver.close());
  const authority = await createAuthority();
  const tls = { ...(await authority.issue('collector.mesh')), clientCa: authority.certificate };
  http = keep(await startOtlpReceiver({ protocol: 'http', tls }), (receiver) => receiver.close());
  options = {
    debug: 'off',
    exporters: {
      plain: {
        endpoint: `http://127.0.0.1:${grpc.port}`,
        headers: { authorization: secretKey('vendor', 'key'), note: NOTE },
      },
      mesh: {
        endpoint: `https://127.0.0.1:${http.port}`,
        protocol: 'HTTP',
        headers: { 'x-note': NOTE },
        tls: { authorities: 'mesh', clientCertificate: 'mesh', serverName: 'collector.mesh' },
      },
    },
  };
  // What the pod has from ConfigMap and Secrets.
  const folder = keep(temporaryFolder('exporters'), (temporary) => temporary.remove());
  const { env, volumeMounts } = containerOf(synth(collectorApp(options)));
  const client = await authority.issue('client');
  for (const { mountPath } of volumeMounts.filter((mount) => mount.name.startsWith('mesh-'))) {
    mkdirSync(join(folder.path, mountPath), { recursive: true });
    writeFileSync(join(folder.path, mountPath, 'ca.crt'), authority.certificate);
    writeFileSync(join(folder.path, mountPath, 'tls.crt'), client.cert);
    writeFileSync(join(folder.path, mountPath, 'tls.key'), client.key);
  }
  const secrets = env.filter(({ valueFrom }) => valueFrom !== undefined).map(({ name }) => [name, KEY]);
  const collector = keep(
    await startCollector(options, {
      tempoPort: tempo.port,
      env: Object.fromEntries(secrets),
      texts: { '/tls/': `${folder.path}/tls/` },
    }),
    (process) => process.stop(),
  );
  const span = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', name: 'call' };
  const { status } = await fetch(`http://127.0.0.1:${collector.httpPort}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
  });
  expect(status).toBe(200);
}, 60_000);

describe('spans go to', () => {
  test('an endpoint in plain text, with a credential from a Secret', async () => {
    await grpc.waitFor((spans) => spans.length === 1, 10_000);
    expect(grpc.headers()).toMatchObject({ authorization: KEY });
  });

  test('an endpoint over TLS by its name, which asks for a certificate', async () => {
    // Compressed, which this receiver does not read: that it has come is what counts.
    await eventually('a request', () => http.requests() > 0 || undefined);
    expect(http.headers()).toMatchObject({ 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' });
  });

  test('both with texts as they were given', () => {
    expect(grpc.headers().note).toBe(NOTE);
    expect(http.headers()['x-note']).toBe(NOTE);
  });
});

test('no value of a Secret is in what is written', () => {
  const variables = containerOf(synth(collectorApp(options))).env.map(({ name, valueFrom }) => [name, valueFrom]);
  expect(variables).toContainEqual(['EXPORTER_PLAIN_AUTHORIZATION', { secretKeyRef: { name: 'vendor', key: 'key' } }]);
});
