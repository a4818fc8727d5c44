import { isIP } from 'node:net';
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Collector, CollectorTls } from '../../policy.ts';
import { TRACES } from '../signal.ts';
import {
  type Address,
  authority,
  type ExportOutcome,
  sanitize,
  type Transport,
  type TransportOptions,
} from '../transport.ts';
import { decodePartialSuccess, decodeRetryDelay, MAX_RESPONSE_BYTES } from './response.ts';
import { serverName, verification } from './tls.ts';

/** OTLP/gRPC: h2c or TLS, one channel that connects at the first request. */
export class GrpcTransport implements Transport {
  readonly #collector: Collector;
  readonly #options: TransportOptions;
  #client: Client | undefined;

  constructor(collector: Collector, options: TransportOptions) {
    this.#collector = collector;
    this.#options = options;
  }

  send(request: Buffer, timeout: number, signal: AbortSignal): Promise<ExportOutcome> {
    return new Promise((resolve) => {
      try {
        this.#client ??= this.#connect();
      } catch (error) {
        // A key or certificate that cannot be used.
        resolve({ ok: false, retryable: false, reason: 'rejected', message: sanitize(String(error)) });
        return;
      }
      const call = this.#client.makeUnaryRequest(
        this.#options.method ?? TRACES.method,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        request,
        this.#metadata(),
        { deadline: this.#options.clock.now() + timeout },
        (error, response) => {
          signal.removeEventListener('abort', abort);
          // A deadline may mean a connection that is dead without anyone having said so: the next attempt gets a new one.
          if (error?.code === status.DEADLINE_EXCEEDED) this.close();
          resolve(error === null ? success(response) : failure(error));
        },
      );
      const abort = (): void => call.cancel();
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    for (const { name, value } of this.#collector.credentials ?? []) metadata.set(name, value);
    return metadata;
  }

  #connect(): Client {
    const { host, port, tls } = this.#collector;
    const target = this.#options.dial?.(host, port) ?? { host, port };
    const options: ChannelOptions = {
      ...CHANNEL_OPTIONS,
      'grpc.default_authority': authority({ host, port }),
    };
    if (tls !== undefined) options['grpc.ssl_target_name_override'] = serverName(tls);
    return new Client(channelTarget(target), tls === undefined ? credentials.createInsecure() : secure(tls), options);
  }
}

const secure = (tls: CollectorTls): ChannelCredentials => {
  const { ca, certificate } = tls;
  return credentials.createSsl(
    ca === undefined ? null : Buffer.from(ca),
    certificate === undefined ? null : Buffer.from(certificate.key),
    certificate === undefined ? null : Buffer.from(certificate.certificate),
    verification(tls),
  );
};

const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.primary_user_agent': 'tooltrail',
  'grpc.max_receive_message_length': MAX_RESPONSE_BYTES,
  // Batches are bounded by the queue.
  'grpc.max_send_message_length': -1,
  // A collector that is back is noticed within this time; the library's own limit is two minutes.
  'grpc.initial_reconnect_backoff_ms': 500,
  'grpc.max_reconnect_backoff_ms': 5000,
  // Where spans go is what the configuration says, nothing else: no proxy variables, no TXT look-ups, no retries but ours.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_retries': 0,
  // Pinging idle connections more often than every five minutes makes many servers hang up (gRPC A8, A9): deadlines find dead ones.
  'grpc.keepalive_time_ms': 300_000,
  'grpc.keepalive_permit_without_calls': 0,
  // A pool shared with other exporters would outlive this one.
  'grpc.use_local_subchannel_pool': 1,
};

/** OTLP, "Failures": codes that may be retried as they are. */
const RETRYABLE: ReadonlySet<status> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

const success = (response: Buffer | undefined): ExportOutcome => {
  const { rejectedSpans, message } = decodePartialSuccess(response ?? Buffer.alloc(0));
  return { ok: true, rejectedSpans, message: sanitize(message) };
};

function failure(error: ServiceError): ExportOutcome {
  const details = error.metadata?.get('grpc-status-details-bin')[0];
  const retryAfter = details instanceof Uint8Array ? decodeRetryDelay(details) : undefined;
  const retryable = RETRYABLE.has(error.code) || (error.code === status.RESOURCE_EXHAUSTED && retryAfter !== undefined);
  return {
    ok: false,
    retryable,
    reason: retryable ? 'unreachable' : 'rejected',
    ...(retryAfter === undefined ? {} : { retryAfter }),
    message: sanitize(`${status[error.code]}: ${error.details}`),
  };
}

/** gRPC naming: the resolver takes names and IPv4 as they are, IPv6 only by its own scheme. */
const channelTarget = (address: Address): string =>
  isIP(address.host) === 6 ? `ipv6:${authority(address)}` : `dns:${authority(address)}`;
