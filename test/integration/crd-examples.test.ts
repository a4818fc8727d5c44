import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readObjects } from '../../gateway/source/read.ts';
import { KINDS, type KindName, type KubernetesObject } from '../../lib/api/kinds.ts';
import { Api, type ApiAnswer } from '../support/control-plane/api.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane/control-plane.ts';
import { OWN_DEFINITIONS } from '../support/control-plane/definitions.ts';
import { type CrdExample, crdExamples } from '../support/crd-examples.ts';

const START_TIMEOUT = 120_000;

let plane: ControlPlane | undefined;
let api: Api;

beforeAll(async () => {
  plane = await startControlPlane();
  await plane.kubectl.apply(OWN_DEFINITIONS);
  await plane.kubectl.established();
  api = new Api(plane.kubeconfig);
}, START_TIMEOUT);

afterAll(() => plane?.stop());

/** What the API server would say to `kubectl apply` of an example. */
const verdict = (text: string): Promise<ApiAnswer> => {
  const object = parse(text) as KubernetesObject;
  const { plural } = KINDS[object.kind as KindName];
  const path = `/apis/${object.apiVersion}/namespaces/default/${plural}`;
  return api.send('POST', `${path}?dryRun=All&fieldValidation=Strict`, object);
};

/** Refused for what is in it: by a schema or a rule, or because a field does not exist. */
const REFUSALS: readonly number[] = [400, 422];

const messageOf = ({ body }: ApiAnswer): string => (body as { readonly message?: string }).message ?? '';

const fileMode = (text: string): readonly string[] =>
  readObjects('example.yaml', text, {}).problems.map(({ field = '', message }) => `${field} | ${message}`);

const named = (examples: readonly CrdExample[]) => examples.map((example) => [example.title, example] as const);

describe('the API server and file mode', () => {
  test.each(named(crdExamples('valid')))('take %s', async (_, { text }) => {
    expect(await verdict(text)).toMatchObject({ status: 201 });
    expect(fileMode(text)).toEqual([]);
  });

  test.each(named(crdExamples('invalid')))('refuse %s', async (_, { text, field }) => {
    const answer = await verdict(text);
    expect(REFUSALS).toContain(answer.status);
    expect(messageOf(answer)).toContain(field);
    expect(fileMode(text)).toEqual([expect.stringContaining(field)]);
  });
});
