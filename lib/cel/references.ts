import { type AccessArgs, type CelNode, children, type MethodArgs } from './engine/node.ts';
import { isVariables } from './macros/variables.ts';
import { CEL_NEEDS, type CelNeed, ROOT_NAMES } from './roots.ts';

const ROOTS: ReadonlySet<string> = new Set(ROOT_NAMES);
/** Macros whose first argument names a variable for the others, and whether these are evaluated for each of several values. */
const BINDING: ReadonlyMap<string, { readonly repeats: boolean }> = new Map([
  ['all', { repeats: true }],
  ['exists', { repeats: true }],
  ['exists_one', { repeats: true }],
  ['existsOne', { repeats: true }],
  ['map', { repeats: true }],
  ['filter', { repeats: true }],
  ['mapValues', { repeats: true }],
  ['filterKeys', { repeats: true }],
  ['bind', { repeats: false }],
  ['with', { repeats: false }],
]);

/** A place where an expression reads something, as a dotted path from a root. */
export interface Reference {
  readonly path: string;
  readonly node: CelNode;
}

/** Every path from a root that an expression can read: `mcp.tool.name`. Selection by index ends a path. */
export const referencesOf = (ast: CelNode): readonly Reference[] => {
  const found: Reference[] = [];
  const visit = (node: CelNode, bound: ReadonlySet<string>): void => {
    const path = pathOf(node, bound);
    if (path !== undefined) {
      found.push({ path, node });
      return;
    }
    if (isVariables(node)) found.push(...ROOT_NAMES.map((root) => ({ path: root, node })));
    const variable = boundVariable(node);
    if (variable === undefined) {
      for (const child of children(node)) visit(child, bound);
      return;
    }
    const [name, receiver, args] = node.args as MethodArgs;
    const inner = new Set(bound).add(variable.name);
    visit(receiver, bound);
    // cel.bind evaluates its value outside of the variable's scope; visiting it inside could only hide a root of the same name.
    for (const [index, arg] of args.entries()) {
      if (index > 0) visit(arg, name === 'bind' && index === 1 ? bound : inner);
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
export const boundVariable = (node: CelNode): { readonly name: string; readonly repeats: boolean } | undefined => {
  if (node.op !== 'rcall') return undefined;
  const [name, , args] = node.args as MethodArgs;
  const binding = BINDING.get(name);
  const [variable] = args;
  if (binding === undefined || args.length < 2 || variable?.op !== 'id') return undefined;
  return { name: variable.args as string, repeats: binding.repeats };
};

/** Whether something at `path`, a part of it, or it as a part of something, is among what is read. */
export const readsPath = (references: ReadonlySet<string>, path: string): boolean => {
  for (const reference of references) {
    if (reference === path || reference.startsWith(`${path}.`) || path.startsWith(`${reference}.`)) return true;
  }
  return false;
};

export const needsOf = (references: ReadonlySet<string>): ReadonlySet<CelNeed> =>
  new Set(CEL_NEEDS.filter((need) => readsPath(references, need)));
