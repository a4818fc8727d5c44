import { describe, expect, test } from '@jest/globals';
import type { ObjectStatus } from '../../../../gateway/resolve/status.ts';
import type { Problem } from '../../../../gateway/source/problem.ts';
import { exitCode, findings, renderFinding } from '../../../../gateway/status/findings.ts';
import { condition } from '../../../../lib/api/conditions.ts';

const problem: Problem = {
  file: 'a.yaml',
  line: 3,
  column: 5,
  severity: 'error',
  rule: 'unknown-field',
  object: 'Gateway a/b',
  message: 'unknown field spec.x of Gateway',
};
const route = (...names: readonly Parameters<typeof condition>[0][]): ObjectStatus => ({
  kind: 'HTTPRoute',
  namespace: 'a',
  name: 'route',
  parents: [
    { parentRef: { name: 'gateway' }, controllerName: '', conditions: names.map((name) => condition(name, 1)) },
  ],
});
const nowhere = (): undefined => undefined;

describe('findings', () => {
  test('lists problems, then conditions that are not as they should be', () => {
    const found = findings([problem], [route('RouteAccepted', 'RouteBackendNotFound')], () => ({
      file: 'b.yaml',
      line: 7,
      column: 1,
    }));
    expect(found.map(renderFinding)).toEqual([
      'a.yaml:3:5: error: Gateway a/b: unknown field spec.x of Gateway (unknown-field)',
      'b.yaml:7:1: error: HTTPRoute a/route parent a/gateway: Backend not found (ResolvedRefs=False/BackendNotFound)',
    ]);
    expect(exitCode(found)).toBe(1);
  });

  test.each([
    ['all is well', [], [route('RouteAccepted', 'RouteResolvedRefs')]],
    ['there are only notes', [{ ...problem, severity: 'note' as const }], []],
  ])('exits with 0 when %s', (_, problems, statuses) => {
    expect(exitCode(findings(problems, statuses, nowhere))).toBe(0);
  });

  test('takes a True that is only partly good for a finding', () => {
    expect(findings([], [route('RoutePartiallyInvalid')], nowhere)).toMatchObject([
      { rule: 'PartiallyInvalid=True/UnsupportedValue' },
    ]);
  });

  test('notes what is attached to nothing', () => {
    const found = findings([], [{ kind: 'HTTPRoute', namespace: 'a', name: 'r', parents: [] }], nowhere);
    expect(found.map(renderFinding)).toEqual([
      'note: HTTPRoute a/r: refers to no Gateway of class agentgateway: it has no effect (not-attached)',
    ]);
    expect(exitCode(found)).toBe(0);
  });

  test('says the same of two ancestors once', () => {
    const ancestor = {
      ancestorRef: { group: '', name: 'g' },
      controllerName: '',
      conditions: [condition('PolicyInvalid', 1)],
    };
    const status: ObjectStatus = {
      kind: 'AgentgatewayPolicy',
      namespace: 'a',
      name: 'p',
      ancestors: [ancestor, ancestor],
    };
    expect(findings([], [status], nowhere)).toHaveLength(1);
  });

  test('writes one line, whatever a name holds', () => {
    const line = renderFinding({ ...problem, message: 'a\nFAKE\r\u001b[31m\u2028' });
    expect(line).not.toMatch(/[\p{Cc}\u2028]/u);
  });
});
