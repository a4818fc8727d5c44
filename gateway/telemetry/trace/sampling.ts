import type { TraceContextMode } from '../../../lib/api/agentgateway/annotations.ts';
import type { CelContext, CelExpression } from '../../../lib/cel/expression.ts';
import { evaluate } from '../attributes.ts';
import { ContextPlan, type EnvironmentFacts } from '../context.ts';
import type { Sampling, TracingPolicy } from '../policy.ts';
import type { RequestFacts } from '../record.ts';
import {
  carried,
  extractSpan,
  SAMPLED,
  type SpanContext,
  type TraceCarrier,
  type TraceContext,
} from './trace-context.ts';

/** Cryptographically strong bytes. */
export type RandomBytes = (size: number) => Uint8Array;

/** Of policies that do not say. */
export interface SamplingDefaults {
  /** Default `parent`. */
  readonly traceContext?: TraceContextMode | undefined;
  /** Whether requests that fail are traced whatever sampling said; default false. */
  readonly keepErrors?: boolean | undefined;
}

/** Random bytes fetched at a time: each fetch is a system call's worth of work. */
const POOL_SIZE = 4_096;

/** Decides, before routing, whether a request is traced, and allocates its ids. */
export class Sampler {
  readonly #random: RandomBytes;
  #pool = new Uint8Array();
  readonly #environment: EnvironmentFacts;
  readonly #mode: TraceContextMode;
  readonly #keepErrors: boolean;
  readonly #plans = new WeakMap<CelExpression, ContextPlan>();

  constructor(random: RandomBytes, environment: EnvironmentFacts, defaults: SamplingDefaults = {}) {
    this.#random = random;
    this.#environment = environment;
    this.#mode = defaults.traceContext ?? 'parent';
    this.#keepErrors = defaults.keepErrors ?? false;
  }

  /**
   * Undefined: not traced, and the client's context passes through as it is.
   *
   * @param message what the client's message carries: it is nearer to the caller than the header fields, which an HTTP client may have
   * written under a span of its own. Those become a link (OpenTelemetry semantic conventions for MCP, "Context propagation").
   */
  sample(policy: TracingPolicy, request: RequestFacts, message: TraceCarrier = {}): TraceContext | undefined {
    const mode = policy.traceContext ?? this.#mode;
    const sent = mode === 'ignore' ? [] : sentSpans(message, request.headers);
    const sampled = this.#decide(sent.length === 0 ? policy.randomSampling : policy.clientSampling, request);
    const keptIfFailed = policy.keepErrors ?? this.#keepErrors;
    if (!sampled && !keptIfFailed) return undefined;
    const [parent, links] = mode === 'parent' ? [sent[0], sent.slice(1)] : [undefined, sent];
    const flags = parent?.flags ?? (sampled ? SAMPLED : 0);
    return {
      traceId: parent?.traceId ?? this.#id(16),
      spanId: this.#id(8),
      parentSpanId: parent?.spanId,
      flags,
      traceState: parent?.traceState,
      baggage: carried(message.baggage) ?? carried(request.headers.baggage),
      links,
      exported: sampled && (flags & SAMPLED) !== 0,
      keptIfFailed,
    };
  }

  /** 16 hex digits, not all zero. */
  newSpanId(): string {
    return this.#id(8);
  }

  #decide(sampling: Sampling, request: RequestFacts): boolean {
    const value =
      typeof sampling === 'object' ? evaluate(sampling, this.#context(sampling, request)) : (sampling as unknown);
    if (typeof value === 'boolean') return value;
    if (typeof value !== 'number' && typeof value !== 'bigint') return false;
    const probability = Number(value);
    if (probability >= 1) return true;
    return probability > 0 && this.#uniform() < probability;
  }

  #context(expression: CelExpression, request: RequestFacts): CelContext {
    let plan = this.#plans.get(expression);
    if (plan === undefined) {
      plan = new ContextPlan([expression]);
      this.#plans.set(expression, plan);
    }
    return plan.build(request, undefined, this.#environment);
  }

  /** In [0, 1), from 48 random bits. */
  #uniform(): number {
    return this.#take(6).reduce((value, byte) => (value + byte) / 256, 0);
  }

  /** Each byte is given out once. */
  #take(size: number): Uint8Array {
    if (this.#pool.length < size) this.#pool = new Uint8Array(this.#random(POOL_SIZE));
    const taken = this.#pool.subarray(0, size);
    this.#pool = this.#pool.subarray(size);
    return taken;
  }

  #id(size: number): string {
    const bytes = this.#take(size);
    if (bytes.every((byte) => byte === 0)) return `${'0'.repeat(size * 2 - 1)}1`;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  }
}

/** The nearest caller first. */
const sentSpans = (...carriers: readonly TraceCarrier[]): readonly SpanContext[] => {
  const spans = carriers.map(extractSpan).filter((span) => span !== undefined);
  return spans.filter(({ spanId }, index) => spans.findIndex((other) => other.spanId === spanId) === index);
};
