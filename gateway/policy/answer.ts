import type { OutgoingHttpHeaders } from 'node:http';

/** An answer of the gateway's own that is no error. */
export interface Answer {
  readonly status: number;
  /** Names in lower case; without those that frame the body. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}
