import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { TRACES } from '../../../../../../gateway/telemetry/export/signal.ts';
import type { ExportOutcome } from '../../../../../../gateway/telemetry/export/transport.ts';
import { GrpcTransport } from '../../../../../../gateway/telemetry/export/transports/grpc.ts';
import { aCollector, countingClock } from '../../../../../support/otlp/spans.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** Sends one request to a server that ends it with `code` and `trailers`. */
async function endedWith(code: status, trailers = new Metadata(), details = 'as told'): Promise<ExportOutcome> {
  const server = new Server();
  const raw = (bytes: Buffer): Buffer => bytes;
  const codec = { requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw };
  server.addService(
    { Export: { path: TRACES.method, requestStream: false, responseStream: false, ...codec } },
    {
      Export(_: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        answer({ code, details, metadata: trailers });
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  const transport = new GrpcTransport(aCollector({ port }), { clock: countingClock() });
  cleanups.push(
    () => server.forceShutdown(),
    () => transport.close(),
  );
  return transport.send(Buffer.from(''), 3000, new AbortController().signal);
}

/** `google.rpc.Status{code: 8, details: [Any{RetryInfo{retry_delay: {seconds: 2, nanos: 500000000}}}]}`. */
const retryInfo = (): Buffer => {
  const field = (tag: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([tag, body.length]), body]);
  const delay = Buffer.from([0x08, 2, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
  const any = Buffer.concat([
    field(0x0a, Buffer.from('type.googleapis.com/google.rpc.RetryInfo')),
    field(0x12, field(0x0a, delay)),
  ]);
  return Buffer.concat([Buffer.from([0x08, 8]), field(0x1a, any)]);
};
const details = (bytes: Buffer): Metadata => {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', bytes);
  return metadata;
};

describe('OTLP/gRPC status codes (OTLP specification, "Failures")', () => {
  test.each(['CANCELLED', 'DEADLINE_EXCEEDED', 'ABORTED', 'OUT_OF_RANGE', 'UNAVAILABLE', 'DATA_LOSS'] as const)(
    '%s may be retried',
    async (code) => {
      expect(await endedWith(status[code])).toMatchObject({ ok: false, retryable: true, reason: 'unreachable' });
    },
  );

  test.each([
    'UNKNOWN',
    'INVALID_ARGUMENT',
    'NOT_FOUND',
    'PERMISSION_DENIED',
    'UNAUTHENTICATED',
    'UNIMPLEMENTED',
    'INTERNAL',
    'RESOURCE_EXHAUSTED',
  ] as const)('%s may not', async (code) => {
    expect(await endedWith(status[code])).toEqual({
      ok: false,
      retryable: false,
      reason: 'rejected',
      message: `${code}: as told`,
    });
  });

  test('RESOURCE_EXHAUSTED may, after the time that the server names', async () => {
    const outcome = await endedWith(status.RESOURCE_EXHAUSTED, details(retryInfo()));
    expect(outcome).toMatchObject({ retryable: true, retryAfter: 2500 });
  });

  test('UNAVAILABLE may name a time too', async () => {
    expect(await endedWith(status.UNAVAILABLE, details(retryInfo()))).toMatchObject({ retryAfter: 2500 });
  });

  test.each([
    ['cut short', retryInfo().subarray(0, 30)],
    ['no protobuf', Buffer.from('\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', 'latin1')],
    ['empty', Buffer.alloc(0)],
  ])('details that are %s are ignored', async (_, bytes) => {
    expect(await endedWith(status.RESOURCE_EXHAUSTED, details(bytes))).toMatchObject({ retryable: false });
  });

  test('a collector’s words become one short line', async () => {
    const outcome = await endedWith(status.INTERNAL, new Metadata(), `first\nsecond\u001b[31m ${'x'.repeat(1000)}`);
    expect(outcome.message).toMatch(/^INTERNAL: first second \[31m x+$/);
    expect(outcome.message).toHaveLength(200);
  });
});
