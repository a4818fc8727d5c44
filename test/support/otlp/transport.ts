import { decodeRequest } from '../../../gateway/demo/otlp-decode.ts';
import type { ExportOutcome, Transport } from '../../../gateway/telemetry/export/transport.ts';

export const TAKEN: ExportOutcome = { ok: true, rejectedSpans: 0, message: '' };
export const UNREACHABLE: ExportOutcome = { ok: false, retryable: true, reason: 'unreachable', message: 'down' };
export const REJECTED: ExportOutcome = { ok: false, retryable: false, reason: 'rejected', message: 'no' };

/** A collector in memory. `answer` decides each attempt; returning `hang` waits for the abort. */
export interface FakeTransport extends Transport {
  answer: (attempt: number) => ExportOutcome | 'hang';
  /** Span names of every attempt, in order. */
  readonly attempts: string[][];
  /** Most requests that were under way at once. */
  readonly concurrency: number;
  readonly closed: boolean;
}

export function fakeTransport(): FakeTransport {
  let underWay = 0;
  const fake = {
    answer: (): ExportOutcome | 'hang' => TAKEN,
    attempts: [] as string[][],
    concurrency: 0,
    closed: false,
    async send(request: Buffer, _timeout: number, signal: AbortSignal): Promise<ExportOutcome> {
      fake.concurrency = Math.max(fake.concurrency, ++underWay);
      fake.attempts.push(decodeRequest(request).map(({ name }) => name));
      const answer = (fake as FakeTransport).answer(fake.attempts.length);
      await new Promise<void>((resolve) => {
        if (answer !== 'hang' || signal.aborted) setImmediate(resolve);
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      underWay--;
      return answer === 'hang' ? UNREACHABLE : answer;
    },
    close(): void {
      fake.closed = true;
    },
  };
  return fake;
}
