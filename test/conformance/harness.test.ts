import { describe, expect, test } from '@jest/globals';
import { readCase } from './case.ts';
import { runPure, runSockets } from './run.ts';

const ROUTE = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route, namespace: infra}
spec:
  parentRefs: [{name: same-namespace}]
  rules: [{name: own, backendRefs: [{name: infra-v1, port: 8080}, {name: infra-v2, port: 8080, weight: 0}]}]
`;
const aCase = (...documents: readonly string[]): string =>
  ['{about: something, features: [Gateway]}', ROUTE, ...documents].join('\n---\n');
const asking = (request: string): string => `expect: {requests: [{gateway: same-namespace, path: /, ${request}}]}`;

describe('what a case gets wrong is told', () => {
  test.each([
    [
      'a condition',
      'expect: {conditions: {HTTPRoute infra/route parent infra/same-namespace: [Accepted=False/Pending]}}',
    ],
    [
      'conditions of nothing',
      'expect: {conditions: {HTTPRoute infra/other parent infra/same-namespace: [Accepted=True/Accepted]}}',
    ],
    ['a generation', 'expect: {generations: {HTTPRoute infra/route: 2}}'],
    ['addresses', 'expect: {addresses: {infra/same-namespace: [127.0.0.2]}}'],
    ['listeners', 'expect: {listeners: {infra/same-namespace: [http, https]}}'],
    ['attached routes', 'expect: {attachedRoutes: {infra/same-namespace http: 2}}'],
    ['attached routes of nothing', 'expect: {attachedRoutes: {infra/same-namespace other: 0}}'],
    ['supported kinds', 'expect: {supportedKinds: {infra/same-namespace http: []}}'],
    ['a status', asking('status: 500')],
    ['a status of a route that matches', asking('status: 404')],
    ['another backend', asking('backend: infra-v3')],
    ['a backend without weight', asking('backend: infra-v2')],
    ['a rule', asking('backend: infra-v1, rule: other')],
    ['a redirect', asking('status: 302, location: "http://example.com/"')],
    ['a port', asking('backend: infra-v1, port: 81')],
    ['an answer', asking('refused: true')],
    ['a Gateway that is not there', 'expect: {requests: [{gateway: other, path: /, refused: true}]}'],
    ['TLS', asking('backend: infra-v1, serverName: example.org')],
    [
      'a share',
      'expect: {shares: {gateway: same-namespace, path: /, draws: 20, backends: {infra-v1: 0.5, infra-v2: 0.5}, tolerance: 0.1}}',
    ],
  ])('%s', async (_, wrong) => {
    const item = readCase('wrong', aCase(wrong));
    expect(await runPure(item)).not.toEqual([]);
    expect(await runSockets(item)).not.toEqual([]);
  });

  test.each([
    ['a header that the backend saw', 'seen: {x-one: "2"}'],
    ['a header that it was not to see', 'unseen: [x-one]'],
    ['its path', 'seenPath: /other'],
    ['the TLS server name that it saw', 'seenServerName: example.com'],
    ['its host', 'seenHost: other.example.com'],
    ['a header of the answer', 'answer: {x-two: "1"}'],
    ['a header that was not to come', 'unanswered: [x-two]'],
  ])('%s', async (_, wrong) => {
    const request = `backend: infra-v1, headers: {X-One: "1", X-Echo-Set-Header: "x-two:2"}, ${wrong}`;
    expect(await runSockets(readCase('wrong', aCase(asking(request))))).toHaveLength(1);
  });

  test('an object that is not well, unless the case says so', async () => {
    const broken = ROUTE.replace('infra-v1', 'nowhere');
    const told =
      'HTTPRoute infra/route parent infra/same-namespace: [Accepted=True/Accepted, ResolvedRefs=False/BackendNotFound]';
    expect(
      await runPure(readCase('broken', aCase(broken, 'expect: {attachedRoutes: {infra/same-namespace http: 1}}'))),
    ).toHaveLength(1);
    expect(await runPure(readCase('told', aCase(broken, `expect: {conditions: {${told}}}`)))).toEqual([]);
  });
});

describe('a case that would check nothing is refused', () => {
  test.each([
    ['an unknown word', asking('backends: infra-v1')],
    ['an unknown expectation', 'expect: {condition: {Gateway infra/same-namespace: [Accepted=True/Accepted]}}'],
    ['an unknown step', 'apply: {kind: Gateway}'],
    ['an object without apiVersion', 'kind: Gateway'],
    ['a condition without reason', 'expect: {conditions: {Gateway infra/same-namespace: [Accepted=True]}}'],
    ['no conditions', 'expect: {conditions: {Gateway infra/same-namespace: []}}'],
    ['no expectation', 'expect: {}'],
    ['no requests', 'expect: {requests: []}'],
    ['a header field in capitals', asking('backend: infra-v1, unseen: [X-One]')],
    ['what a backend saw of a request that it never got', asking('status: 404, seen: {x-one: "1"}')],
    ['an answer of nobody', asking('refused: true, status: 404')],
    ['an object that nobody looks at', ROUTE],
  ])('%s', (_, wrong) => {
    expect(() => readCase('wrong', aCase(wrong))).toThrow('wrong: ');
  });

  test('a feature that is not declared', () => {
    expect(() => readCase('wrong', aCase(asking('backend: infra-v1')).replace('[Gateway]', '[Gatewy]'))).toThrow(
      'wrong: ',
    );
  });

  test('an object of a kind that nobody reads', async () => {
    const item = readCase('wrong', aCase(ROUTE.replace('HTTPRoute', 'HttpRoute'), asking('backend: infra-v1')));
    await expect(runPure(item)).rejects.toThrow('HttpRoute');
  });

  test('a deletion of what is not there', async () => {
    const item = readCase('wrong', aCase('delete: HTTPRoute infra/other', asking('backend: infra-v1')));
    await expect(runPure(item)).rejects.toThrow('no HTTPRoute infra/other');
  });
});
