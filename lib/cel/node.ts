/** The engine's syntax tree and evaluator, as far as macros and static analysis use them. */
export interface CelNode {
  readonly op: string;
  readonly args: unknown;
  readonly pos: number;
  readonly input: string;
  checkedType?: { readonly name: string };
  evaluate(evaluator: Evaluator, node: CelNode, context: Scope): unknown;
  /** How it is checked and evaluated: as another node, as a macro, or by itself. */
  readonly meta: {
    readonly alternate?: CelNode;
    readonly macro?: Macro;
    readonly evaluate: CelNode['evaluate'];
  };
}

export interface Evaluator {
  run(node: CelNode, context: Scope): unknown;
  debugType(value: unknown): { fieldLazy(object: unknown, key: unknown, node: CelNode, evaluator: Evaluator): unknown };
}

export interface Scope {
  /** Undefined for a variable without a value. */
  getValue(name: string): unknown;
}

export interface Checker {
  check(node: CelNode, context: Scope): unknown;
  getType(name: string): unknown;
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
