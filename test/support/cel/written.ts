import { globSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

/** Fields of manifests that hold an expression, or a list of them. */
const FIELDS = new Set([
  'expression',
  'matchExpressions',
  'filter',
  'clientSampling',
  'randomSampling',
  'condition',
  'key',
]);

/** The expressions that the examples of the documentation and the synthesized manifests are made of. */
export const writtenExpressions = (): readonly string[] => {
  const documentation = globSync(['README.md', 'docs/**/*.md'])
    .sort()
    .flatMap((file) => inMarkdown(readFileSync(file, 'utf8')));
  const manifests = globSync('dist/*.yaml')
    .sort()
    .filter((file) => !file.includes('crds'))
    .flatMap((file) => inManifests(readFileSync(file, 'utf8')));
  return [...new Set([...documentation, ...manifests])];
};

/** One expression a line in blocks of CEL; fields of blocks of YAML. What follows `// ` is for the reader. */
const inMarkdown = (text: string): string[] =>
  [...text.matchAll(/^```(cel|yaml)\n(.*?)^```/gms)].flatMap(([, language, block = '']) =>
    language === 'yaml'
      ? inManifests(block)
      : block
          .split('\n')
          .map((line) => line.replace(/(?:^|\s+)\/\/ .*$/, ''))
          .filter((line) => line !== ''),
  );

const inManifests = (text: string): string[] =>
  parseAllDocuments(text).flatMap((document) => inValue(document.toJS() as unknown, false));

const inValue = (value: unknown, isExpression: boolean): string[] => {
  if (typeof value === 'string') return isExpression ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => inValue(item, isExpression));
  const { kind } = value as { kind?: unknown };
  if (typeof kind === 'string' && kind !== 'AgentgatewayPolicy' && kind !== 'List') return [];
  return Object.entries(value).flatMap(([name, item]) => inValue(item, FIELDS.has(name)));
};
