import type { Clock, ExportOutcome, Transport } from './transport.ts';

export interface RetryPolicy {
  /** Most attempts for one batch, the first included. */
  readonly attempts: number;
  /** Milliseconds for all attempts and waits of one batch together. */
  readonly totalTime: number;
  /** Milliseconds for one attempt; OTLP's default is 10 s. */
  readonly timeout: number;
  /** Milliseconds before the second attempt; doubles each time, up to `maxDelay`, of which a random half is waited at least half. */
  readonly delay: number;
  readonly maxDelay: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 5,
  totalTime: 60_000,
  timeout: 10_000,
  delay: 1000,
  maxDelay: 10_000,
};

/** Delivers a request, with the waits and repetitions that OTLP allows; the last outcome counts. `signal` ends waits and attempts. Never rejects. */
export async function sendWithRetry(
  transport: Transport,
  request: Buffer,
  policy: RetryPolicy,
  clock: Clock,
  signal: AbortSignal,
  attempted: (outcome: ExportOutcome) => void,
): Promise<ExportOutcome> {
  const end = clock.now() + policy.totalTime;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(
      transport,
      request,
      Math.max(1, Math.min(policy.timeout, end - clock.now())),
      signal,
    );
    attempted(outcome);
    if (outcome.ok || !outcome.retryable || attempt >= policy.attempts || signal.aborted) return outcome;
    const step = Math.min(policy.maxDelay, policy.delay * 2 ** (attempt - 1));
    const wait = Math.max(outcome.retryAfter ?? 0, step * (0.5 + clock.random() / 2));
    if (clock.now() + wait >= end) return outcome;
    await sleep(wait, clock, signal);
    if (signal.aborted) return outcome;
  }
}

async function attemptOnce(
  transport: Transport,
  request: Buffer,
  timeout: number,
  signal: AbortSignal,
): Promise<ExportOutcome> {
  try {
    return await transport.send(request, timeout, signal);
  } catch (error) {
    return { ok: false, retryable: false, reason: 'unreachable', message: String(error) };
  }
}

const sleep = (milliseconds: number, clock: Clock, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.setTimeout(finish, milliseconds);
    signal.addEventListener('abort', finish, { once: true });
  });
