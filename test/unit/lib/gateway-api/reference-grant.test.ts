import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KINDS } from '../../../../lib/api/kinds.ts';
import {
  ReferenceGrant,
  type ReferenceSource,
  type ReferenceTarget,
} from '../../../../lib/gateway-api/reference-grant.ts';
import { charts, problems, synth } from '../../../support/charts.ts';

const policiesOf = (namespace: string): ReferenceSource => ({ kind: KINDS.AgentgatewayPolicy, namespace });

describe('ReferenceGrant', () => {
  const setUp = () => {
    const { app, in: chart } = charts('apps', 'telemetry');
    const service: ReferenceTarget = {
      kind: KINDS.Service,
      namespace: 'telemetry',
      name: 'collector',
      grantScope: chart.telemetry,
    };
    return { app, chart, service };
  };

  test('permits one kind of one namespace to refer to one object, in that object’s namespace', () => {
    const { app, service } = setUp();
    ReferenceGrant.allow(policiesOf('apps'), service);
    expect(synth(app)).toEqual([
      {
        apiVersion: 'gateway.networking.k8s.io/v1beta1',
        kind: 'ReferenceGrant',
        metadata: { name: 'allow-collector-access', namespace: 'telemetry' },
        spec: {
          from: [{ group: 'agentgateway.dev', kind: 'AgentgatewayPolicy', namespace: 'apps' }],
          to: [{ group: '', kind: 'Service', name: 'collector' }],
        },
      },
    ]);
  });

  test('is not written for a reference within a namespace', () => {
    const { app, service } = setUp();
    expect(ReferenceGrant.allow(policiesOf('telemetry'), service)).toBeUndefined();
    expect(app.synthYaml()).toBe('');
  });

  test('is found again through another scope, and a grant by hand counts', () => {
    const { app, chart, service } = setUp();
    const byHand = new ReferenceGrant(chart.telemetry, 'mine', { to: service, from: [policiesOf('other')] });
    expect(ReferenceGrant.allow(policiesOf('apps'), { ...service, grantScope: chart.apps })).toBe(byHand);
    expect(synth(app)).toMatchObject([
      { metadata: { name: 'mine' }, spec: { from: [{ namespace: 'other' }, { namespace: 'apps' }] } },
    ]);
  });

  test('takes the name that its target asks for', () => {
    const { service } = setUp();
    expect(ReferenceGrant.allow(policiesOf('apps'), { ...service, grantName: 'let-them-in' })?.name).toBe(
      'let-them-in',
    );
  });

  test('holds 16 sources; one more fails at synth', () => {
    const { app, service } = setUp();
    for (let index = 0; index < 17; index++) ReferenceGrant.allow(policiesOf(`n${index}`), service);
    expect(problems(app)).toEqual([
      '[telemetry/allow-collector-access] spec.from: has 17 items, at most 16 are allowed',
    ]);
  });

  test('whatever the references: one grant for each target reached from elsewhere, with each source once', () => {
    const namespace = fc.constantFrom('a', 'b', 'c');
    const kind = fc.constantFrom(KINDS.AgentgatewayPolicy, KINDS.HTTPRoute);
    const edge = fc.record({ from: fc.record({ kind, namespace }), to: namespace, name: fc.constantFrom('x', 'y') });
    fc.assert(
      fc.property(fc.array(edge, { minLength: 1, maxLength: 20 }), (edges) => {
        const { app, in: chart } = charts('a', 'b', 'c');
        for (const { from, to, name } of edges) {
          ReferenceGrant.allow(from, { kind: KINDS.Service, namespace: to, name, grantScope: chart[to] });
        }
        const crossing = edges.filter(({ from, to }) => from.namespace !== to);
        const expected = new Set(
          crossing.map(({ from, to, name }) => `${from.kind.kind}/${from.namespace} > ${to}/${name}`),
        );
        const grants = app.charts.flatMap((item) =>
          item.node.findAll().filter((construct) => construct instanceof ReferenceGrant),
        );
        const written = crossing.length === 0 ? [] : synth(app);
        const granted = written.flatMap(({ metadata, spec }) => {
          const { from, to } = spec as { from: { kind: string; namespace: string }[]; to: { name: string }[] };
          return from.map((item) => `${item.kind}/${item.namespace} > ${metadata.namespace}/${to[0]?.name}`);
        });
        expect(granted.sort()).toEqual([...expected].sort());
        expect(grants.length).toBe(new Set(crossing.map(({ to, name }) => `${to}/${name}`)).size);
      }),
      { numRuns: 50 },
    );
  });
});
