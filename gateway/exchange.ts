import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestRecord } from './telemetry/record.ts';

/** One request on its way through the gateway. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: RequestRecord;
}
