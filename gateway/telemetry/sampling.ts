import type { CelContext, CelExpression } from '../../lib/cel/expression.ts';
import { evaluate } from './attributes.ts';
import { ContextPlan, type EnvironmentFacts } from './context.ts';
import type { Sampling, TracingPolicy } from './policy.ts';
import type { RequestFacts } from './record.ts';
import { parseTraceparent, SAMPLED, type TraceContext, type TraceParent } from './trace-context.ts';

/** Cryptographically strong bytes. */
export type RandomBytes = (size: number) => Uint8Array;

/** Random bytes fetched at a time: each fetch is a system call's worth of work. */
const POOL_SIZE = 4_096;

/** Decides, before routing, whether a request is traced, and allocates its ids. */
export class Sampler {
  readonly #random: RandomBytes;
  #pool = new Uint8Array();
  readonly #environment: EnvironmentFacts;
  readonly #plans = new WeakMap<CelExpression, ContextPlan>();

  constructor(random: RandomBytes, environment: EnvironmentFacts) {
    this.#random = random;
    this.#environment = environment;
  }

  /** Undefined: not traced, and the client's context passes through as it is. */
  sample(policy: TracingPolicy, request: RequestFacts): TraceContext | undefined {
    const parent = parseTraceparent(request.headers.traceparent);
    const sampling = parent === undefined ? policy.randomSampling : policy.clientSampling;
    if (!this.#decide(sampling, request)) return undefined;
    return this.#begin(parent, request);
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

  #begin(parent: TraceParent | undefined, { headers }: RequestFacts): TraceContext {
    const flags = parent?.flags ?? SAMPLED;
    return {
      traceId: parent?.traceId ?? this.#id(16),
      spanId: this.#id(8),
      parentSpanId: parent?.parentId,
      flags,
      // Vendor state belongs to the parent that came with it (W3C Trace Context §3.3).
      traceState: parent === undefined ? undefined : joined(headers.tracestate, ','),
      baggage: joined(headers.baggage, ','),
      exported: (flags & SAMPLED) !== 0,
    };
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

const joined = (header: string | string[] | undefined, separator: string): string | undefined =>
  Array.isArray(header) ? header.join(separator) : header;
