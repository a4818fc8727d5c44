import { compileCel } from '../../lib/cel/compile.ts';
import { type CelExpression, CelSyntaxError } from '../../lib/cel/expression.ts';
import { Once } from '../resolve/once.ts';
import { fullMatch } from '../resolve/regex.ts';
import type { PolicyError } from '../resolve/resolved.ts';
import type { AuthorizationRule } from './rule-policy.ts';

/** Compiles each text once per snapshot, and collects what does not compile, by policy. */
export class Expressions {
  /** By the list that they were compiled from: all rules under the same policies have the same ones. */
  readonly authorizations = new Once<object, readonly AuthorizationRule[]>();
  readonly #compiled = new Map<string, CelExpression | string>();
  readonly #patterns = new Map<string, RegExp>();
  readonly #errors = new Map<string, Map<string, PolicyError>>();

  /** Undefined, and an error on the policy, when the text is no expression. */
  compile(source: string, place: ExpressionPlace): CelExpression | undefined {
    let compiled = this.#compiled.get(source);
    if (compiled === undefined) {
      compiled = tryCompile(source);
      this.#compiled.set(source, compiled);
    }
    if (typeof compiled !== 'string') return compiled;
    this.fail(place, compiled);
    return undefined;
  }

  /** A regular expression of a route; resolving has left out those that are none. */
  pattern(source: string): RegExp {
    let pattern = this.#patterns.get(source);
    if (pattern === undefined) {
      pattern = fullMatch(source);
      this.#patterns.set(source, pattern);
    }
    return pattern;
  }

  fail({ policy, part, field, fatal = false, consequence }: ExpressionPlace, problem: string): void {
    const path = field.startsWith('metadata.') ? field : `${part}.${field}`;
    const errors = this.#errors.get(policy) ?? new Map<string, PolicyError>();
    errors.set(path, { part, fatal, field: path, message: `${problem}; ${consequence}` });
    this.#errors.set(policy, errors);
  }

  errorsOf(policy: string): readonly PolicyError[] {
    return [...(this.#errors.get(policy)?.values() ?? [])];
  }
}

/** Where an expression stands, and what its failure means there. */
export interface ExpressionPlace {
  /** `namespace/name`. */
  readonly policy: string;
  /** `frontend.tracing`. */
  readonly part: string;
  /** Path below the part: `attributes.add[0].expression`; below the object where it begins with `metadata`. */
  readonly field: string;
  /** The part is worth nothing without it. */
  readonly fatal?: boolean;
  readonly consequence: string;
}

const tryCompile = (source: string): CelExpression | string => {
  try {
    return compileCel(source);
  } catch (error) {
    if (error instanceof CelSyntaxError) return firstLine(error.message);
    throw error;
  }
};

/** Parsers draw the place under the text; a condition is one line. */
const firstLine = (message: string): string => message.split('\n', 1)[0]?.trim() ?? '';
