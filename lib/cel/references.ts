import { type AccessArgs, type CelNode, children, type MethodArgs } from './node.ts';
import { CEL_ROOTS } from './roots.ts';

const ROOTS: ReadonlySet<string> = new Set(CEL_ROOTS);
/** Macros whose first argument names a variable for the others. */
const BINDING = new Set(['all', 'exists', 'exists_one', 'map', 'filter', 'bind']);

/** Every path from a root that an expression can read: `mcp.tool.name`. Selection by index ends a path. */
export const referencesOf = (ast: CelNode): ReadonlySet<string> => {
  const found = new Set<string>();
  const visit = (node: CelNode, bound: ReadonlySet<string>): void => {
    const path = pathOf(node, bound);
    if (path !== undefined) {
      found.add(path);
      return;
    }
    const variable = boundVariable(node);
    if (variable === undefined) {
      for (const child of children(node)) visit(child, bound);
      return;
    }
    const [, receiver, args] = node.args as MethodArgs;
    const inner = new Set(bound).add(variable);
    visit(receiver, bound);
    // cel.bind evaluates its value outside of the variable's scope; visiting it inside could only hide a root of the same name.
    for (const [index, arg] of args.entries()) {
      if (index > 0) visit(arg, (node.args as MethodArgs)[0] === 'bind' && index === 1 ? bound : inner);
    }
  };
  visit(ast, new Set());
  return found;
};

const pathOf = (node: CelNode, bound: ReadonlySet<string>): string | undefined => {
  if (node.op === 'id') {
    const name = node.args as string;
    return ROOTS.has(name) && !bound.has(name) ? name : undefined;
  }
  if (node.op !== '.' && node.op !== '.?') return undefined;
  const [target, key] = node.args as AccessArgs;
  const parent = pathOf(target, bound);
  return parent === undefined || typeof key !== 'string' ? undefined : `${parent}.${key}`;
};

/** The iteration or bound variable that a macro introduces. */
export const boundVariable = (node: CelNode): string | undefined => {
  if (node.op !== 'rcall') return undefined;
  const [name, , args] = node.args as MethodArgs;
  return BINDING.has(name) && args.length > 1 && args[0]?.op === 'id' ? (args[0].args as string) : undefined;
};
