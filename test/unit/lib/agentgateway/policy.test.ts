import { describe, expect, test } from '@jest/globals';
import type { Chart } from 'cdk8s';
import type { OtlpCollector } from '../../../../lib/agentgateway/collector.ts';
import { AgentgatewayPolicy, type AgentgatewayPolicyProps } from '../../../../lib/agentgateway/policy.ts';
import { Gateway } from '../../../../lib/gateway-api/gateway.ts';
import { charts, find, problems, synth } from '../../../support/charts.ts';

const setUp = () => {
  const { app, in: chart } = charts('edge', 'telemetry');
  const gateway = new Gateway(chart.edge, 'g', { listeners: [{ name: 'mcp', port: 3000 }] });
  return { app, chart, gateway };
};

const collectorIn = (chart: Chart, namespace: string): OtlpCollector => ({
  namespace,
  serviceName: 'collector',
  grpcPort: 4317,
  httpPort: 4318,
  grantScope: chart,
});

const refused = (props: Partial<AgentgatewayPolicyProps>): readonly string[] => {
  const { app, chart, gateway } = setUp();
  new AgentgatewayPolicy(chart.edge, 'p', { targets: [gateway], ...props });
  return problems(app);
};

describe('AgentgatewayPolicy', () => {
  test('tracing refers to the collector and has its grant written', () => {
    const { app, chart, gateway } = setUp();
    const collector = collectorIn(chart.telemetry, 'telemetry');
    new AgentgatewayPolicy(chart.edge, 'p', {
      targets: [gateway, gateway.listener('mcp')],
      tracing: {
        collector,
        randomSampling: '0.1',
        resources: { 'service.name': '"x"' },
        attributes: { z: '1', a: '2' },
        removeAttributes: ['duration'],
      },
    });
    const objects = synth(app);
    expect(find(objects, 'AgentgatewayPolicy', 'p').spec).toEqual({
      targetRefs: [
        { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'g' },
        { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'g', sectionName: 'mcp' },
      ],
      frontend: {
        tracing: {
          backendRef: { name: 'collector', namespace: 'telemetry', port: 4317 },
          protocol: 'GRPC',
          randomSampling: '0.1',
          resources: [{ name: 'service.name', expression: '"x"' }],
          attributes: {
            add: [
              { name: 'z', expression: '1' },
              { name: 'a', expression: '2' },
            ],
            remove: ['duration'],
          },
        },
      },
    });
    expect(find(objects, 'ReferenceGrant', 'allow-collector-access')).toMatchObject({
      metadata: { namespace: 'telemetry' },
      spec: { from: [{ kind: 'AgentgatewayPolicy', namespace: 'edge' }], to: [{ kind: 'Service', name: 'collector' }] },
    });
  });

  test('a collector in the policy’s namespace needs no grant; HTTP takes its own port and path', () => {
    const { app, chart, gateway } = setUp();
    new AgentgatewayPolicy(chart.edge, 'p', {
      targets: [gateway],
      tracing: { collector: collectorIn(chart.edge, 'edge'), protocol: 'HTTP', path: '/otlp' },
    });
    expect(find(synth(app), 'AgentgatewayPolicy', 'p').spec).toMatchObject({
      frontend: { tracing: { backendRef: { namespace: 'edge', port: 4318 }, protocol: 'HTTP', path: '/otlp' } },
    });
    expect(synth(app).filter(({ kind }) => kind === 'ReferenceGrant')).toEqual([]);
  });

  test('two policies share the collector’s grant', () => {
    const { app, chart, gateway } = setUp();
    const tracing = { collector: collectorIn(chart.telemetry, 'telemetry') };
    new AgentgatewayPolicy(chart.edge, 'p', { targets: [gateway], tracing });
    new AgentgatewayPolicy(chart.edge, 'q', { targets: [gateway.listener('mcp')], tracing });
    const grants = synth(app).filter(({ kind }) => kind === 'ReferenceGrant');
    expect(grants.map(({ spec }) => (spec as { from: unknown[] }).from.length)).toEqual([1]);
  });

  test('access log and metrics', () => {
    const { app, chart, gateway } = setUp();
    new AgentgatewayPolicy(chart.edge, 'p', {
      targets: [gateway],
      accessLog: { filter: 'response.code >= 400', attributes: { tool: 'mcp.tool.name' } },
      metrics: { attributes: { team: '"agents"' } },
    });
    expect(find(synth(app), 'AgentgatewayPolicy', 'p').spec).toMatchObject({
      frontend: {
        accessLog: {
          filter: 'response.code >= 400',
          attributes: { add: [{ name: 'tool', expression: 'mcp.tool.name' }] },
        },
        metrics: { attributes: { add: [{ name: 'team', expression: '"agents"' }] } },
      },
    });
  });

  test('an expression that does not parse fails at synth, named by field and attribute', () => {
    const bad = 'default(mcp.tool.name, "")) +';
    const problem = (field: string) =>
      expect.stringMatching(new RegExp(`^\\[edge/p\\] ${field}: .*default.* is no CEL expression: .`));
    expect(
      refused({
        accessLog: { filter: bad, attributes: { good: '1', tool: bad } },
        metrics: { attributes: { m: bad } },
      }),
    ).toEqual([
      problem('accessLog.filter'),
      problem('accessLog.attributes\\["tool"\\]'),
      problem('metrics.attributes\\["m"\\]'),
    ]);
    const { app, chart, gateway } = setUp();
    new AgentgatewayPolicy(chart.edge, 'p', {
      targets: [gateway],
      tracing: {
        collector: collectorIn(chart.edge, 'edge'),
        ...{ clientSampling: bad, randomSampling: bad, filter: bad },
        ...{ resources: { r: bad }, attributes: { a: bad } },
      },
    });
    expect(problems(app)).toEqual([
      problem('tracing.clientSampling'),
      problem('tracing.randomSampling'),
      problem('tracing.filter'),
      problem('tracing.resources\\["r"\\]'),
      problem('tracing.attributes\\["a"\\]'),
    ]);
  });

  test('a listener that does not exist fails at synth', () => {
    const { gateway } = setUp();
    expect(refused({ accessLog: {}, targets: [gateway.listener('mpc')] })).toEqual([
      '[edge/p] targets: Gateway edge/g has no listener "mpc": add it with addListener, or use one of mcp',
    ]);
  });

  test('a Gateway of another namespace cannot be a target', () => {
    const { app, chart, gateway } = setUp();
    new AgentgatewayPolicy(chart.telemetry, 'p', { targets: [gateway], accessLog: {} });
    expect(problems(app)).toEqual([
      "[telemetry/p] targets: Gateway edge/g is not in the policy's namespace telemetry: write the policy where its Gateway is",
    ]);
  });

  test('a path of OTLP needs protocol HTTP', () => {
    const { app, chart, gateway } = setUp();
    const collector = collectorIn(chart.edge, 'edge');
    new AgentgatewayPolicy(chart.edge, 'p', { targets: [gateway], tracing: { collector, path: '/v1/traces' } });
    expect(problems(app)).toEqual([
      '[edge/p] spec.frontend.tracing: path is for protocol HTTP only: set protocol, or leave path out',
    ]);
  });

  test.each<[string, Partial<AgentgatewayPolicyProps>, string]>([
    ['no target', { targets: [], accessLog: {} }, 'spec.targetRefs: has 0 items, at least 1 are needed'],
    [
      'no part',
      {},
      'spec.frontend: needs at least one of tracing, accessLog, metrics, tcp, networkAuthorization, tls, http, proxyProtocol, connect',
    ],
    [
      'no label',
      { metrics: { attributes: {} } },
      'spec.frontend.metrics.attributes.add: has 0 items, at least 1 are needed',
    ],
    [
      'too many labels',
      { metrics: { attributes: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`l${index}`, '1'])) } },
      'spec.frontend.metrics.attributes.add: has 17 items, at most 16 are allowed',
    ],
  ])('%s fails at synth', (_, props, message) => expect(refused(props)).toEqual([`[edge/p] ${message}`]));

  test('the access log goes to a collector, with its grant', () => {
    const { app, chart, gateway } = setUp();
    const collector = collectorIn(chart.telemetry, 'telemetry');
    new AgentgatewayPolicy(chart.edge, 'p', {
      targets: [gateway],
      accessLog: { filter: 'true', otlp: { collector, protocol: 'HTTP', attributes: { a: '1' } } },
    });
    const objects = synth(app);
    expect(find(objects, 'AgentgatewayPolicy', 'p').spec).toMatchObject({
      frontend: {
        accessLog: {
          filter: 'true',
          otlp: {
            backendRef: { name: 'collector', namespace: 'telemetry', port: 4318 },
            protocol: 'HTTP',
            attributes: { add: [{ name: 'a', expression: '1' }] },
          },
        },
      },
    });
    expect(objects.some(({ kind, metadata }) => kind === 'ReferenceGrant' && metadata.namespace === 'telemetry')).toBe(
      true,
    );
  });

  test('what this gateway adds stands in annotations', () => {
    const { app, chart, gateway } = setUp();
    new AgentgatewayPolicy(chart.edge, 'p', {
      targets: [gateway],
      tracing: { collector: collectorIn(chart.edge, 'edge') },
      accessLog: {},
      traceContext: 'link',
      keepErrors: true,
      capture: { arguments: true, results: true, redactKeys: ['patient-id', 'ward'] },
      audit: { principal: 'request.headers["x-user"]' },
      annotations: { 'example.com/kept': 'yes' },
    });
    expect(find(synth(app), 'AgentgatewayPolicy', 'p').metadata.annotations).toEqual({
      'tooltrail.dev/trace-context': 'link',
      'tooltrail.dev/keep-errors': 'true',
      'tooltrail.dev/capture': 'arguments,results',
      'tooltrail.dev/redact-keys': 'patient-id,ward',
      'tooltrail.dev/audit': 'true',
      'tooltrail.dev/audit-principal': 'request.headers["x-user"]',
      'example.com/kept': 'yes',
    });
  });

  test.each<[Partial<AgentgatewayPolicyProps>, string]>([
    [{ accessLog: {}, traceContext: 'link' }, '[edge/p] traceContext: has no effect without tracing'],
    [
      { metrics: { attributes: { team: '"x"' } }, capture: { arguments: true } },
      '[edge/p] capture: has no effect without tracing or accessLog',
    ],
    [
      { metrics: { attributes: { team: '"x"' } }, audit: true },
      '[edge/p] audit: has no effect without accessLog: accessLog: {} is enough',
    ],
    [
      { accessLog: {}, capture: { arguments: true, redactKeys: ['a,b'] } },
      '[edge/p] capture.redactKeys: "a,b" is no name of a member',
    ],
    [
      { accessLog: {}, audit: { principal: 'request.headers[' } },
      '[edge/p] audit.principal: "request.headers[" is no CEL expression: Unexpected token: EOF at 1:17',
    ],
  ])('%j is refused', (props, problem) => {
    expect(refused(props)).toEqual([problem]);
  });
});
