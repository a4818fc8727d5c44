import * as http from 'node:http';
import * as https from 'node:https';
import type { Collector, CollectorTls } from '../../policy.ts';
import { authority, type ExportOutcome, sanitize, type Transport, type TransportOptions } from '../transport.ts';
import { decodePartialSuccess, MAX_RESPONSE_BYTES } from './response.ts';
import { serverName, verification } from './tls.ts';

/** OTLP/HTTP with binary protobuf over one kept-alive connection. */
export class HttpTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #agent: http.Agent;
  readonly #request: https.RequestOptions;
  readonly #start: (options: https.RequestOptions) => http.ClientRequest;

  constructor(collector: Collector, options: TransportOptions) {
    const { host, port, tls, path, credentials = [] } = collector;
    const target = options.dial?.(host, port) ?? { host, port };
    const agentOptions = { keepAlive: true, maxSockets: 1, maxFreeSockets: 1 };
    this.#options = options;
    this.#agent = tls !== undefined ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
    this.#start = tls !== undefined ? (request) => https.request(request) : (request) => http.request(request);
    this.#request = {
      agent: this.#agent,
      host: target.host,
      port: target.port,
      method: 'POST',
      path,
      headers: {
        ...Object.fromEntries(credentials.map(({ name, value }) => [name, value])),
        host:
          port === (tls === undefined ? 80 : 443)
            ? authority({ host, port }).replace(/:\d+$/, '')
            : authority({ host, port }),
        'content-type': CONTENT_TYPE,
        'user-agent': 'tooltrail',
      },
      ...(tls === undefined ? {} : tlsOptions(tls)),
    };
  }

  send(body: Buffer, timeout: number, signal: AbortSignal): Promise<ExportOutcome> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      let request: http.ClientRequest;
      const settle = (outcome: ExportOutcome): void => {
        clock.clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        resolve(outcome);
      };
      const fail = (message: string): void => {
        settle(unreachable(message));
        request?.destroy();
      };
      const abort = (): void => fail('aborted');
      const timer = clock.setTimeout(() => fail(`no answer within ${timeout} ms`), timeout);
      try {
        request = this.#start({
          ...this.#request,
          headers: { ...this.#request.headers, 'content-length': body.length },
        });
      } catch (error) {
        // A path or a host that cannot be sent, a key or certificate that cannot be used.
        settle({ ok: false, retryable: false, reason: 'rejected', message: sanitize(String(error)) });
        return;
      }
      request.on('error', (error) => settle(unreachable(describe(error))));
      request.on('response', (response) => {
        read(response, (answer) => settle(interpret(response, answer, clock.now())));
      });
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
      request.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

const tlsOptions = (tls: CollectorTls): https.RequestOptions => ({
  ...verification(tls),
  servername: serverName(tls),
  ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  ...(tls.certificate === undefined ? {} : { cert: tls.certificate.certificate, key: tls.certificate.key }),
});

const CONTENT_TYPE = 'application/x-protobuf';

/** OTLP/HTTP, "Retryable Response Codes". */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Reads the answer to its end or its bound; what exceeds the bound is cut off together with the connection. */
function read(response: http.IncomingMessage, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) {
      done(undefined);
      response.destroy();
    } else chunks.push(chunk);
  });
  response.on('end', () => done(Buffer.concat(chunks)));
  response.on('error', () => done(undefined));
}

function interpret(response: http.IncomingMessage, body: Buffer | undefined, now: number): ExportOutcome {
  const code = response.statusCode ?? 0;
  if (code >= 200 && code < 300) {
    const isProtobuf = response.headers['content-type']?.startsWith(CONTENT_TYPE) === true;
    const { rejectedSpans, message } = decodePartialSuccess(isProtobuf && body !== undefined ? body : Buffer.alloc(0));
    return { ok: true, rejectedSpans, message: sanitize(message) };
  }
  const retryable = RETRYABLE.has(code);
  const retryAfter = retryDelay(response.headers['retry-after'], now);
  return {
    ok: false,
    retryable,
    reason: retryable ? 'unreachable' : 'rejected',
    ...(retryAfter === undefined ? {} : { retryAfter }),
    message: `HTTP ${code}`,
  };
}

/** RFC 9110 §10.2.3: seconds or a date; milliseconds from now. */
function retryDelay(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const unreachable = (message: string): ExportOutcome => ({
  ok: false,
  retryable: true,
  reason: 'unreachable',
  message: sanitize(message),
});

/** `AggregateError`s of a failed dual-stack connect have no message of their own. */
const describe = (error: Error & { code?: string }): string => error.message || error.code || error.name;
