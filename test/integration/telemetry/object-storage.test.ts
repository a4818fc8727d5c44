import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../support/acceptance/eventually.ts';
import { find, synth } from '../../support/charts.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { secretKey } from '../../support/stack/cases.ts';
import { TEMPO, type TempoOptions, tempoApp } from '../../support/stack/configs.ts';
import { startTempo } from '../../support/stack/tempo.ts';

/** Tempo with a bucket: it asks there, in the name of the key that its container has from a Secret. */
const KEY_ID = 'AKIDOFTHESECRET';
const EMPTY =
  '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>traces</Name><KeyCount>0</KeyCount>' +
  '<IsTruncated>false</IsTruncated></ListBucketResult>';

interface Variable {
  readonly name: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}

const keep = closingAfterAll();
const requests: IncomingMessage[] = [];
let environment: readonly Variable[];

beforeAll(async () => {
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    response.writeHead(200, { 'content-type': 'application/xml' }).end(EMPTY);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  keep(server, async (listening) => {
    listening.close();
    listening.closeAllConnections();
  });
  const options: TempoOptions = {
    storage: {
      kind: 's3',
      bucket: 'traces',
      prefix: 'agents',
      endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'eu-central-1',
      insecure: true,
      pathStyle: true,
      keys: { accessKeyId: secretKey('tempo-s3', 'id'), secretAccessKey: secretKey('tempo-s3', 'secret') },
    },
  };
  const { template } = find(synth(tempoApp(options)), 'StatefulSet', TEMPO).spec as {
    template: { spec: { containers: [{ env: readonly Variable[] }] } };
  };
  environment = template.spec.containers[0].env;
  const values: Readonly<Record<string, string>> = { id: KEY_ID, secret: 'the secret' };
  const secrets = environment.flatMap(({ name, valueFrom }) =>
    valueFrom === undefined ? [] : [[name, values[valueFrom.secretKeyRef.key] ?? '']],
  );
  keep(await startTempo(options, Object.fromEntries(secrets)), (process) => process.stop());
}, 90_000);

test('its container has both parts of the key from the Secret', () => {
  const named = environment.map(({ valueFrom }) => valueFrom?.secretKeyRef).filter((key) => key !== undefined);
  expect(named).toEqual([
    { name: 'tempo-s3', key: 'id' },
    { name: 'tempo-s3', key: 'secret' },
  ]);
});

test('it asks the bucket, by path and below the prefix, as who the key stands for', async () => {
  const request = await eventually('a request', () => requests.find(({ url = '' }) => url.includes('prefix=agents')));
  expect(request.url).toMatch(/^\/traces\/\?/);
  expect(request.headers.authorization).toMatch(
    new RegExp(`^AWS4-HMAC-SHA256 Credential=${KEY_ID}/\\d{8}/eu-central-1/s3/aws4_request`),
  );
});
