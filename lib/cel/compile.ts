import { Environment, EvaluationError, ParseError, TypeError as TypeCheckError } from '@marcbachmann/cel-js';
import { type CelContext, CelEvaluationError, type CelExpression, CelSyntaxError } from './expression.ts';
import { FUNCTIONS, MATCHES, NAMESPACES } from './functions.ts';
import { plainValue } from './json.ts';
import { MACROS } from './macros.ts';
import { MAX_ITERATIONS, type Meter, meter } from './meter.ts';
import { type CelNode, children, type MethodArgs } from './node.ts';
import { referencesOf } from './references.ts';
import { linearRegExp } from './regexp.ts';
import { CEL_ROOTS } from './roots.ts';

/** Characters of an expression: the bound of the compatible system's CRDs. */
export const MAX_SOURCE_LENGTH = 16_384;

const LIMITS = { maxAstNodes: 5000, maxDepth: 100, maxListElements: 1000, maxMapEntries: 1000, maxCallArguments: 32 };

const createEnvironment = (): Environment => {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: LIMITS,
  });
  for (const root of CEL_ROOTS) environment.registerVariable(root, 'dyn');
  for (const [name, Namespace] of NAMESPACES) {
    environment.registerType(Namespace.name, Namespace);
    environment.registerConstant(name, Namespace.name, new Namespace());
  }
  for (const [signature, handler] of FUNCTIONS) environment.registerFunction(signature, handler, { async: false });
  for (const [signature, macro] of MACROS) environment.registerFunction(signature, macro, { async: false });
  return environment;
};

const ENVIRONMENT = createEnvironment();

/**
 * Compiles an expression: parses it, checks its names, types and literal patterns, and finds what it reads.
 *
 * The result of `evaluate` is a string, boolean, bigint (int, uint), number (double), null, list or map; bytes come as base64, timestamps
 * as RFC 3339 and durations like `1.5s`.
 *
 * @throws {CelSyntaxError} with one line that says what and where.
 */
export const compileCel = (source: string): CelExpression => {
  if (source.length > MAX_SOURCE_LENGTH) throw new CelSyntaxError(`longer than ${MAX_SOURCE_LENGTH} characters`);
  const budget: Meter = { iterations: 0 };
  const { run, references } = prepare(source, budget);
  return {
    source,
    references,
    evaluate(context: CelContext): unknown {
      budget.iterations = MAX_ITERATIONS;
      try {
        return plainValue(run(context));
      } catch (error) {
        throw asEvaluationError(error);
      }
    },
  };
};

const prepare = (source: string, budget: Meter) => {
  try {
    const run = ENVIRONMENT.parse(source);
    const ast = run.ast as unknown as CelNode;
    useLinearMatches(ast);
    const { valid, error } = run.check();
    if (!valid) throw error;
    const references = referencesOf(ast);
    meter(ast, budget);
    return { run, references };
  } catch (error) {
    throw asSyntaxError(error, source);
  }
};

/** Replaces the engine's `matches`, and compiles the patterns that are literals: a bad one is an error of the expression. */
const useLinearMatches = (node: CelNode): void => {
  if (node.op === 'rcall') {
    const call = node.args as MethodArgs;
    const [name, , args] = call;
    const pattern = name === 'matches' ? args[0] : name === 'regexReplace' ? args[0] : undefined;
    if (name === 'matches' && args.length === 1) call[0] = MATCHES;
    if (pattern?.op === 'value' && typeof pattern.args === 'string') checkPattern(pattern.args, pattern);
  }
  for (const child of children(node)) useLinearMatches(child);
};

const checkPattern = (pattern: string, node: CelNode): void => {
  try {
    linearRegExp(pattern);
  } catch (error) {
    if (!(error instanceof CelEvaluationError)) throw error;
    throw new CelSyntaxError(`${error.message} at ${position(node.input, node.pos)}`);
  }
};

const asSyntaxError = (error: unknown, source: string): unknown => {
  if (error instanceof ParseError || error instanceof TypeCheckError || error instanceof EvaluationError) {
    return new CelSyntaxError(`${readable(error.summary)} at ${position(source, error.range?.start ?? source.length)}`);
  }
  if (error instanceof RangeError) return new CelSyntaxError('nested too deeply');
  return error;
};

const asEvaluationError = (error: unknown): unknown => {
  if (error instanceof EvaluationError) return new CelEvaluationError(readable(error.summary));
  // Stack or string size exhausted, or a date out of range: the expression's fault, not the gateway's.
  if (error instanceof RangeError) return new CelEvaluationError(readable(error.message));
  return error;
};

/** One line, in the words of the language's other implementations. */
const readable = (message: string): string =>
  message
    .replace(/^Unknown variable: (.*)/s, "undeclared reference to '$1'")
    .replaceAll(MATCHES, 'matches')
    .replace(/\s+/g, ' ')
    .slice(0, 256);

/** `line:column`, from 1. */
const position = (source: string, offset: number): string => {
  const before = source.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
};
