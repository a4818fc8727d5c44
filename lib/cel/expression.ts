import type { CelNeed } from './roots.ts';

/** A CEL expression, compiled once: at synth by the constructs (to reject it there), per snapshot by the gateway (to run it). */
export interface CelExpression {
  /** The text as the user wrote it. */
  readonly source: string;
  /**
   * What the expression reads, as dotted paths from a root: `mcp.tool.name`, `request.headers`. A prefix stands for all below it.
   * Only these are built for an evaluation.
   */
  readonly references: ReadonlySet<string>;
  /** What it reads that is not kept of a request unless something reads it. */
  readonly needs: ReadonlySet<CelNeed>;
  /** @throws {CelEvaluationError} when a key is missing or a type does not fit; the caller decides what an error means there. */
  evaluate(context: CelContext): unknown;
}

/** Values by root name. Integers are bound as bigint: a JavaScript number is a CEL double. */
export type CelContext = Readonly<Record<string, unknown>>;

/** The text is no expression, or uses a function that does not exist. */
export class CelSyntaxError extends Error {
  override readonly name = 'CelSyntaxError';
}

/** The expression is good, this evaluation failed. */
export class CelEvaluationError extends Error {
  override readonly name = 'CelEvaluationError';
}

/** It names something that is not there: `default` and `coalesce` do without. */
export class CelMissingError extends CelEvaluationError {}
