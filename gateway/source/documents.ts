import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { LIMITS } from './limits.ts';
import type { Location, Problem } from './problem.ts';

/** A path into a document: keys and indices. */
export type FieldPath = readonly (string | number)[];

/** One YAML document as plain data, with the way back to where each part stands. */
export interface SourceDocument {
  readonly value: unknown;
  /** Where the value at this path stands, or its key; the nearest parent's place if the path leads nowhere. */
  locate(path: FieldPath, part?: 'key' | 'value'): Location;
}

export interface SourceDocuments {
  /** Empty when the text is not YAML: half a file is never taken. */
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly Problem[];
}

/** Parses YAML 1.2 (and JSON, its subset) with several documents. */
export const parseDocuments = (file: string, text: string): SourceDocuments => {
  const lines = new LineCounter();
  const at = (offset: number): Location => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problem = (offset: number, message: string): Problem => ({
    ...at(offset),
    severity: 'error',
    rule: 'not-yaml',
    message,
  });
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      version: '1.2',
    });
    const documents = 'empty' in parsed ? [] : parsed;
    const problems = documents.flatMap((document) => [
      // What follows a parser's first error in a document is its echo as a rule.
      ...document.errors.slice(0, 1).map((error) => problem(error.pos[0], `not YAML: ${error.message}`)),
      ...repeatedKeys(document).map((offset) => problem(offset, 'not YAML: this key is there already')),
    ]);
    if (problems.length > 0) return { documents: [], problems: problems.slice(0, LIMITS.problems) };
    return { documents: documents.map((document) => toDocument(document, at)), problems };
  } catch (error) {
    // Excessive aliases and nesting are exceptions of the parser, not entries of its list.
    const message =
      error instanceof RangeError ? 'nested too deeply' : error instanceof Error ? error.message : 'failed';
    return { documents: [], problems: [problem(0, `not YAML: ${message}`)] };
  }
};

/** Where keys are repeated. The parser's own check takes quadratic time. */
const repeatedKeys = (document: Document): readonly number[] => {
  const offsets: number[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) offsets.push(key.range?.[0] ?? 0);
        seen.add(name);
      }
      return offsets.length < LIMITS.problems ? undefined : visit.BREAK;
    },
  });
  return offsets;
};

const toDocument = (document: Document, at: (offset: number) => Location): SourceDocument => {
  const value: unknown = document.toJS({ maxAliasCount: LIMITS.aliases });
  return { value, locate: (path, part = 'value') => at(offsetOf(document, path, part)) };
};

const offsetOf = (document: Document, path: FieldPath, part: 'key' | 'value'): number => {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? document.range?.[0] ?? 0;
  for (const [index, segment] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    let next: Node | null = null;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => String((item.key as { value?: unknown } | null)?.value) === String(segment),
      );
      if (pair === undefined) return offset;
      const key = pair.key as Node;
      next = pair.value as Node | null;
      offset = (index === path.length - 1 && part === 'key' ? key.range : (next?.range ?? key.range))?.[0] ?? offset;
    } else if (isSeq(node)) {
      next = (node.items[Number(segment)] as Node | undefined) ?? null;
      offset = next?.range?.[0] ?? offset;
    }
    if (next === null) return offset;
    node = next;
  }
  return offset;
};

/** `spec.listeners[0].port`. */
export const fieldName = (path: FieldPath): string =>
  path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(segment)) return `[${JSON.stringify(segment.slice(0, 64))}]`;
      return index === 0 ? segment : `.${segment}`;
    })
    .join('');
