import { Environment } from '@marcbachmann/cel-js';
import type { CelFunction } from '../functions/signature.ts';
import { FUNCTIONS, NAMESPACES, OPERATORS, REMOVED, TYPES } from '../functions/table.ts';
import { MACROS } from '../macros/table.ts';
import { absorb } from './meter.ts';
import type { CelNode, CelType, Checker, Declaration, Evaluator, Registry } from './node.ts';

const LIMITS = { maxAstNodes: 5000, maxDepth: 100, maxListElements: 1000, maxMapEntries: 1000, maxCallArguments: 32 };

/** Characters of a type's name, `list<map<string, int>>`; a type that is made of longer ones is dynamic. */
const MAX_TYPE_NAME = 64;

/** An engine with these variables and our functions, and without what of its own is not fit for expressions and data of others. */
export const createEnvironment = (variables: readonly string[]): Environment => {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: LIMITS,
  });
  for (const name of variables) environment.registerVariable(name, 'dyn');
  for (const [name, Type] of TYPES) environment.registerType(name, Type);
  for (const [name, type, Namespace] of NAMESPACES) {
    environment.registerType(type, Namespace);
    environment.registerConstant(name, type, new Namespace());
  }
  for (const [signature, macro] of MACROS) environment.registerFunction(signature, macro, { async: false });
  const { checker, evaluator } = partsOf(environment);
  const { registry } = checker;
  for (const signature of REMOVED) remove(functionsLike(registry, signature), signature);
  for (const [signature, handler] of FUNCTIONS) {
    // The engine keeps things at a handler: each signature has one of its own.
    const own = handler.bind(undefined);
    if (replace(checker, functionsLike(registry, signature), [signature, own])) continue;
    environment.registerFunction(signature, own, { async: false });
  }
  for (const operator of OPERATORS) {
    const [signature, handler] = operator;
    if (replace(checker, operatorsLike(registry, signature), operator)) continue;
    environment.registerOperator(signature, handler as never);
  }
  boundTypes(checker);
  boundEvaluation(evaluator);
  return environment;
};

/** The environment does not show them, but hands them to macros: this is one. */
const partsOf = (environment: Environment): { readonly checker: Checker; readonly evaluator: Evaluator } => {
  let checker: Checker | undefined;
  let evaluator: Evaluator | undefined;
  const parsed = environment.parse('null');
  (parsed.ast as unknown as CelNode).setMeta('macro', {
    typeCheck: (found: Checker) => {
      checker = found;
      return found.getType('dyn');
    },
    evaluate: (found: Evaluator) => {
      evaluator = found;
      return null;
    },
  });
  parsed.check();
  parsed({});
  if (checker === undefined || evaluator === undefined) throw new Error('the CEL engine has changed');
  return { checker, evaluator };
};

const SIGNATURE = /^(?:[\w.<>]+\.(?=\w+\())?(\w+)\((.*)\):/;

const functionsLike = (registry: Registry, signature: string): Declaration[] => {
  const [, name = '', parameters = ''] = SIGNATURE.exec(signature) ?? [];
  const isMethod = !signature.startsWith(`${name}(`);
  const count = parameters === '' ? 0 : parameters.split(', ').length;
  return registry.functionCandidates(isMethod, name, count).declarations;
};

/** `int / int: int` or `-int: int`. */
const operatorsLike = (registry: Registry, signature: string): Declaration[] =>
  registry.operatorCandidates(signature.startsWith('-') ? '-_' : (signature.split(' ')[1] ?? '')).declarations;

/** Without what it returns. */
const applied = (signature: string): string => signature.replace(/^([-!])_/, '$1').replace(/: [^:]*$/, '');

const indexOf = (declarations: readonly Declaration[], wanted: string): number =>
  declarations.findIndex(({ signature }) => applied(signature) === applied(wanted));

/** Puts a function in the place of the engine's own; false if it has none. */
const replace = (checker: Checker, declarations: Declaration[], [signature, handler]: CelFunction): boolean => {
  const index = indexOf(declarations, signature);
  const own = declarations[index];
  if (own === undefined) return false;
  const returnType = checker.getType(signature.slice(signature.lastIndexOf(': ') + 2));
  declarations[index] = Object.create(own, { handler: { value: handler }, returnType: { value: returnType } });
  return true;
};

const remove = (declarations: Declaration[], signature: string): void => {
  const index = indexOf(declarations, signature);
  if (index < 0) throw new Error(`the CEL engine has no ${signature}`);
  declarations.splice(index, 1);
};

/** `map<K, V>` names K and V, and the engine keeps every name for ever: nested ones would double in length with each level. */
const boundTypes = (checker: Checker): void => {
  const { registry } = checker;
  const { getListType, getMapType, getOptionalType } = registry;
  const dynamic = checker.getType('dyn');
  const short = (type: CelType): CelType => (type.name.length <= MAX_TYPE_NAME ? type : dynamic);
  registry.getListType = (element) => getListType.call(registry, short(element));
  registry.getMapType = (key, value) => getMapType.call(registry, short(key), short(value));
  registry.getOptionalType = (value) => getOptionalType.call(registry, short(value));
};

const boundEvaluation = (evaluator: Evaluator): void => {
  // Of data, a type with its elements would be a name of the sender's making, kept for ever.
  evaluator.debugTypeDeep = (value) => evaluator.debugType(value);
  evaluator.tryEval = (node, scope) => {
    try {
      return evaluator.run(node, scope);
    } catch (error) {
      absorb(error, node);
      return error;
    }
  };
};
