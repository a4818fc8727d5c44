/** The engine's syntax tree, checker and evaluator, as far as macros, static analysis and the meter use them. */
export interface CelNode {
  readonly op: string;
  readonly args: unknown;
  readonly pos: number;
  readonly input: string;
  checkedType?: CelType;
  /** Applies a function or operator to values; set by the type check. */
  handle?: (...values: unknown[]) => unknown;
  evaluate(evaluator: Evaluator, node: CelNode, context: Scope): unknown;
  setMeta(key: 'macro' | 'async' | 'check' | 'evaluate', value: unknown): CelNode;
  /** How it is checked and evaluated: as another node, as a macro, or by itself. */
  readonly meta: {
    readonly alternate?: CelNode;
    readonly macro?: Macro;
    readonly evaluate: CelNode['evaluate'];
  };
}

export interface CelType {
  readonly name: string;
  readonly kind: string;
}

export interface Evaluator {
  readonly registry: Registry;
  run(node: CelNode, context: Scope): unknown;
  /** The value, or the error that came of it: for operators that may do without. */
  tryEval(node: CelNode, context: Scope): unknown;
  debugType(value: unknown): CelType & {
    fieldLazy(object: unknown, key: unknown, node: CelNode, evaluator: Evaluator): unknown;
  };
  debugTypeDeep(value: unknown): CelType;
}

export interface Scope {
  /** Undefined for a variable without a value. */
  getValue(name: string): unknown;
  forkWithVariable(name: string, type: unknown): InnerScope;
}

/** A scope with one more variable. It belongs to a place in the tree, and is used anew for each evaluation. */
export interface InnerScope extends Scope {
  reuse(parent: Scope): InnerScope;
  setIterValue(value: unknown, evaluator: Evaluator): InnerScope;
}

export interface Checker {
  readonly registry: Registry;
  check(node: CelNode, context: Scope): CelType;
  getType(name: string): CelType;
}

/** Functions and operators of an environment, and the types that were made of others. */
export interface Registry {
  functionCandidates(isMethod: boolean, name: string, parameters: number): Candidates;
  operatorCandidates(operator: string): Candidates;
  findMacro(name: string, isMethod: boolean, parameters: number): { handler(call: MacroCall): unknown };
  getListType(element: CelType): CelType;
  getMapType(key: CelType, value: CelType): CelType;
  getOptionalType(value: CelType): CelType;
}

interface Candidates {
  declarations: Declaration[];
}

export interface Declaration {
  readonly signature: string;
  readonly handler: unknown;
}

/** What the engine tells a macro. */
export interface MacroCall {
  readonly args: readonly CelNode[];
  readonly receiver?: CelNode;
  readonly parser: { readonly registry: Registry };
}

/** What a macro's handler returns to the engine. */
export interface Macro {
  readonly async: false;
  typeCheck(checker: Checker, macro: unknown, context: Scope): unknown;
  evaluate(evaluator: Evaluator, macro: unknown, context: Scope): unknown;
}

export type AccessArgs = readonly [target: CelNode, key: CelNode | string];
export type CallArgs = [name: string, args: readonly CelNode[]];
export type MethodArgs = [name: string, receiver: CelNode, args: readonly CelNode[]];

const ACCESS = new Set(['.', '.?', '[]', '[?]']);

/** The nodes directly below one, in source order. */
export const children = (node: CelNode): readonly CelNode[] => {
  if (node.op === 'id' || node.op === 'value') return [];
  if (node.op === 'call') return (node.args as CallArgs)[1];
  if (node.op === 'rcall') {
    const [, receiver, args] = node.args as MethodArgs;
    return [receiver, ...args];
  }
  if (ACCESS.has(node.op)) return (node.args as AccessArgs).filter((arg) => typeof arg !== 'string');
  const args = Array.isArray(node.args) ? (node.args as unknown[]).flat() : [node.args];
  return args as CelNode[];
};
