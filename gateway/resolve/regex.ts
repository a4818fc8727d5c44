import { CelEvaluationError } from '../../lib/cel/expression.ts';
import { linearRegExp } from '../../lib/cel/regexp.ts';

/**
 * A RegularExpression match of a route: RE2's dialect, as in expressions, against the whole value. Gateway API leaves the dialect to the
 * implementation; this one takes linear time whatever the client sends.
 *
 * @throws {CelEvaluationError} when the text is no such expression
 */
export const fullMatch = (source: string): RegExp => {
  // By itself first: `a)(b` is well-formed only inside the group below.
  linearRegExp(source);
  const flags = /^\(\?[a-z]+\)/.exec(source)?.[0] ?? '';
  return linearRegExp(`${flags}^(?:${source.slice(flags.length)})$`);
};

/** Why a text is no regular expression that can be served; undefined if it is one. */
export const regexProblem = (source: string): string | undefined => {
  try {
    fullMatch(source);
    return undefined;
  } catch (error) {
    if (error instanceof CelEvaluationError) return error.message.replace(/^regular expression: /, '');
    throw error;
  }
};
