import { expect, test } from '@jest/globals';
import type { DirectResponse } from '../../../../gateway/compile/rule-policy.ts';
import { directAnswer } from '../../../../gateway/policy/direct-response.ts';
import { compileCel } from '../../../../lib/cel/compile.ts';
import { FAILING } from '../../../support/policy.ts';

const answer = (response: Partial<DirectResponse>) =>
  directAnswer({ status: 200, body: undefined, headers: [], ...response }, () => ({ request: { path: '/a' } }));

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

test.each<[string, Partial<DirectResponse>, object]>([
  ['nothing but a status', { status: 503 }, { status: 503, headers: {}, body: '' }],
  ['text', { body: 'hello' }, { headers: TEXT, body: 'hello' }],
  ['an expression', { body: compileCel('"path " + request.path') }, { headers: TEXT, body: 'path /a' }],
  ['a map', { body: compileCel('{"path": request.path}') }, { body: '{"path":"/a"}' }],
  ['an expression that fails', { status: 403, body: FAILING }, { status: 403, headers: {}, body: '' }],
])('%s', (_, response, expected) => {
  expect(answer(response)).toMatchObject(expected);
});

test('header fields are text or expressions; what fails, frames the body or cannot be carried is left out', () => {
  const headers = [
    { name: 'Content-Type', value: 'application/json' },
    { name: 'x-path', value: compileCel('request.path') },
    { name: 'x-fails', value: FAILING },
    { name: 'content-length', value: '100' },
    { name: 'transfer-encoding', value: 'chunked' },
    { name: 'x-split', value: compileCel('"a\\r\\nb: c"') },
  ];
  expect({ ...answer({ body: '{}', headers }).headers }).toEqual({
    'content-type': 'application/json',
    'x-path': '/a',
  });
});
