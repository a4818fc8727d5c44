import { field, fields } from '../protobuf/reader.ts';

/** Longest answer that is read; a collector that sends more is answered for by its status alone. */
export const MAX_RESPONSE_BYTES = 64 * 1024;

export interface PartialSuccess {
  readonly rejectedSpans: number;
  readonly message: string;
}

/** `ExportTraceServiceResponse.partial_success`; malformed bytes count as full success, as the status said. */
export function decodePartialSuccess(response: Uint8Array): PartialSuccess {
  const partial = field(response, 1);
  if (!(partial instanceof Uint8Array)) return { rejectedSpans: 0, message: '' };
  const rejected = field(partial, 1);
  const message = field(partial, 2);
  return {
    rejectedSpans: typeof rejected === 'number' ? rejected : 0,
    message: message instanceof Uint8Array ? Buffer.from(message).toString() : '',
  };
}

/**
 * Delay in milliseconds of the `google.rpc.RetryInfo` in a `grpc-status-details-bin` trailer (a `google.rpc.Status`); undefined when
 * there is none. OTLP: RESOURCE_EXHAUSTED may be retried only if the server sent one.
 */
export function decodeRetryDelay(details: Uint8Array): number | undefined {
  for (const detail of fields(details, 3)) {
    if (!(detail instanceof Uint8Array)) continue;
    const type = field(detail, 1);
    const value = field(detail, 2);
    if (!(type instanceof Uint8Array) || !Buffer.from(type).toString('latin1').endsWith('/google.rpc.RetryInfo'))
      continue;
    const delay = value instanceof Uint8Array ? field(value, 1) : undefined;
    if (!(delay instanceof Uint8Array)) return 0;
    const seconds = field(delay, 1);
    const nanos = field(delay, 2);
    return (typeof seconds === 'number' ? seconds : 0) * 1000 + (typeof nanos === 'number' ? nanos : 0) / 1e6;
  }
  return undefined;
}
