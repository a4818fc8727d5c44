import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readObjects } from '../../../../gateway/source/read.ts';
import { definitions } from '../../../../lib/agentgateway/crd/definitions.ts';
import type { KindName } from '../../../../lib/api/kinds.ts';
import { SCHEMAS } from '../../../../lib/api/objects.ts';
import { schemaProblems } from '../../../../lib/core/schema-problems.ts';
import { type CrdExample, crdExamples } from '../../../support/crd-examples.ts';

/** What file mode has against an example, each with the field. */
const fileMode = ({ text }: CrdExample): readonly string[] =>
  readObjects('example.yaml', text, {}).problems.map(({ field = '', message }) => `${field} | ${message}`);

/** What a construct of the same object would say at synth. */
const atSynth = ({ text }: CrdExample): readonly string[] => {
  const object = parse(text) as { readonly kind: KindName };
  return schemaProblems(SCHEMAS[object.kind], object);
};

/** Messages of the rules at any depth of a schema. */
const messagesOf = (node: unknown): readonly string[] => {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([keyword, value]) =>
    keyword === 'x-kubernetes-validations'
      ? (value as readonly { readonly message: string }[]).map(({ message }) => message)
      : messagesOf(value),
  );
};

const named = (examples: readonly CrdExample[]) => examples.map((example) => [example.title, example] as const);

describe('objects of agentgateway.dev that the API server takes', () => {
  const valid = crdExamples('valid');

  test('are many', () => expect(valid.length).toBeGreaterThanOrEqual(40));

  test.each(named(valid))('%s', (_, example) => {
    expect(fileMode(example)).toEqual([]);
    expect(atSynth(example)).toEqual([]);
  });
});

describe('objects of agentgateway.dev that the API server refuses', () => {
  const invalid = crdExamples('invalid');

  test('are many, each with the field that is wrong', () => {
    expect(invalid.length).toBeGreaterThanOrEqual(40);
    expect(invalid.filter(({ field }) => !field.startsWith('spec')).map(({ title }) => title)).toEqual([]);
  });

  test('break every rule of the CRDs', () => {
    const broken = invalid.flatMap(fileMode);
    const rules = definitions().flatMap(({ spec }) => messagesOf(spec));
    expect(rules.length).toBeGreaterThan(100);
    expect(rules.filter((message) => !broken.some((problem) => problem.includes(message)))).toEqual([]);
  });

  test.each(named(invalid))('%s', (_, example) => {
    const problems = fileMode(example);
    expect(problems).toEqual([expect.stringContaining(example.field)]);
    expect(atSynth(example).length).toBeGreaterThan(0);
  });
});
