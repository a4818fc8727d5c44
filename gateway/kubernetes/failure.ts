import { MAX_MESSAGE, RETRY_AFTER_LONGEST } from './limits.ts';

/** Why the API server did not do what it was asked. Holds no secret. */
export interface ApiFailure {
  /** Of HTTP, also where it came inside of a watch; 0: there was no answer that could be read. */
  readonly status: number;
  /** Of metav1.Status: `NotFound`, `Conflict`, `Expired`; where there was no answer, the code of the error: `ECONNREFUSED`. */
  readonly reason: string;
  readonly message: string;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter?: number;
}

/** A value, or why there is none. */
export type Result<T> =
  | { readonly value: T; readonly failure?: never }
  | { readonly failure: ApiFailure; readonly value?: never };

/** What a listed resourceVersion that the server has not seen yet is refused with: after a restore of its data it never will. */
export const TOO_NEW = 'ResourceVersionTooLarge';

/** From the answer's body, a metav1.Status if it is one. */
export const failureOf = (status: number, body: unknown, retryAfter?: string | undefined): ApiFailure => {
  const { code, reason, message, details } = (isRecord(body) ? body : {}) as Readonly<Record<string, unknown>>;
  const { causes, retryAfterSeconds } = (isRecord(details) ? details : {}) as Readonly<Record<string, unknown>>;
  const seconds = Number(retryAfter ?? (typeof retryAfterSeconds === 'number' ? retryAfterSeconds : Number.NaN));
  const tooNew = Array.isArray(causes) && causes.some((cause) => isRecord(cause) && cause.reason === TOO_NEW);
  return {
    status: typeof code === 'number' && Number.isInteger(code) ? code : status,
    reason: tooNew ? TOO_NEW : typeof reason === 'string' && reason !== '' ? short(reason) : `HTTP ${status}`,
    message: typeof message === 'string' && message !== '' ? short(message) : `answered with status ${status}`,
    ...(Number.isFinite(seconds) && seconds >= 0 ? { retryAfter: Math.min(seconds * 1_000, RETRY_AFTER_LONGEST) } : {}),
  };
};

/** From what was thrown on the way. */
export const connectionFailure = (error: unknown): ApiFailure => {
  const { code, name, message } = (error ?? {}) as { code?: unknown; name?: unknown; message?: unknown };
  const reason = [code, name].find((text) => typeof text === 'string' && text !== '');
  return {
    status: 0,
    reason: typeof reason === 'string' ? short(reason) : 'Error',
    message: typeof message === 'string' && message !== '' ? short(message) : 'no answer',
  };
};

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const short = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ').slice(0, MAX_MESSAGE);
