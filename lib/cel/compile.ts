import { type Environment, EvaluationError, ParseError, TypeError as TypeCheckError } from '@marcbachmann/cel-js';
import { createEnvironment } from './engine/environment.ts';
import { correctLiteral } from './engine/literals.ts';
import { meter, metered } from './engine/meter.ts';
import { type CelNode, children, type MethodArgs } from './engine/node.ts';
import { type CelContext, CelEvaluationError, type CelExpression, CelSyntaxError } from './expression.ts';
import { plainValue } from './json.ts';
import { expandVariables } from './macros/variables.ts';
import { needsOf, referencesOf } from './references.ts';
import { linearRegExp } from './regexp.ts';
import { ROOT_NAMES, undeclaredPart } from './roots.ts';

/** Characters of an expression: the bound of the compatible system's CRDs. */
export const MAX_SOURCE_LENGTH = 16_384;

const COMMON = createEnvironment(ROOT_NAMES);

/**
 * Compiles an expression: parses it, checks its names, types and literal patterns, and finds what it reads.
 *
 * The result of `evaluate` is a string, boolean, bigint (int, uint), number (double), null, list, map or `Flattened`; bytes come as base64,
 * timestamps as RFC 3339, durations like `1.5s`, and addresses as text.
 *
 * @throws {CelSyntaxError} with one line that says what and where.
 */
export const compileCel = (source: string): CelExpression => compile(source);

/** Compiles expressions with other variables, whose fields nobody knows. */
export const compilerWith = (variables: readonly string[]): ((source: string) => CelExpression) => {
  const environment = createEnvironment(variables);
  return (source) => compile(source, environment);
};

const compile = (source: string, environment = COMMON): CelExpression => {
  if (source.length > MAX_SOURCE_LENGTH) throw new CelSyntaxError(`longer than ${MAX_SOURCE_LENGTH} characters`);
  const { run, references } = prepare(source, environment);
  return {
    source,
    references,
    needs: needsOf(references),
    evaluate(context: CelContext): unknown {
      try {
        return plainValue(metered(() => run(context)));
      } catch (error) {
        throw asEvaluationError(error);
      }
    },
  };
};

const prepare = (source: string, environment: Environment) => {
  try {
    const run = environment.parse(source);
    const ast = run.ast as unknown as CelNode;
    beforeCheck(ast);
    const { valid, error } = run.check();
    if (!valid) throw error;
    const references = referencesOf(ast);
    for (const { path, node } of references) {
      const undeclared = undeclaredPart(path);
      if (undeclared !== undefined) throw atNode(`undeclared reference to '${undeclared}'`, node);
    }
    meter(ast);
    return { run, references: new Set(references.map(({ path }) => path)) };
  } catch (error) {
    throw asSyntaxError(error, source);
  }
};

/** Puts our own meaning in where the engine's differs. A literal pattern that is none is an error of the expression. */
const beforeCheck = (node: CelNode): void => {
  expandVariables(node);
  correctLiteral(node);
  if (node.op === 'rcall') {
    const [name, , [pattern]] = node.args as MethodArgs;
    const hasPattern = name === 'matches' || name === 'regexReplace';
    if (hasPattern && pattern?.op === 'value' && typeof pattern.args === 'string') checkPattern(pattern.args, pattern);
  }
  for (const child of children(node)) beforeCheck(child);
};

const atNode = (message: string, { input, pos }: CelNode): CelSyntaxError =>
  new CelSyntaxError(`${message} at ${position(input, pos)}`);

const checkPattern = (pattern: string, node: CelNode): void => {
  try {
    linearRegExp(pattern);
  } catch (error) {
    if (!(error instanceof CelEvaluationError)) throw error;
    throw atNode(error.message, node);
  }
};

const asSyntaxError = (error: unknown, source: string): unknown => {
  if (error instanceof ParseError || error instanceof TypeCheckError || error instanceof EvaluationError) {
    return new CelSyntaxError(`${readable(error.summary)} at ${position(source, error.range?.start ?? source.length)}`);
  }
  if (error instanceof RangeError) return new CelSyntaxError('nested too deeply');
  if (error instanceof CelSyntaxError || !(error instanceof Error)) return error;
  // The engine meets what its authors did not think of: whoever wrote it may write it differently.
  return new CelSyntaxError(readable(error.message));
};

const asEvaluationError = (error: unknown): unknown => {
  if (error instanceof EvaluationError) return new CelEvaluationError(readable(error.summary));
  // Stack or string size exhausted, say: the expression's fault, not the gateway's.
  if (error instanceof CelEvaluationError || !(error instanceof Error)) return error;
  return new CelEvaluationError(readable(error.message));
};

/** One line, in the words of the language's other implementations. */
const readable = (message: string): string =>
  message
    .replace(/^Unknown variable: (.*)/s, "undeclared reference to '$1'")
    .replace(/\s+/g, ' ')
    .slice(0, 256);

/** `line:column`, from 1. */
const position = (source: string, offset: number): string => {
  const before = source.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
};
