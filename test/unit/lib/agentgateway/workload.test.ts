import { describe, expect, test } from '@jest/globals';
import { Chart } from 'cdk8s';
import { parse, parseAllDocuments } from 'yaml';
import { allMatches } from '../../../../gateway/compile/routes/table.ts';
import { Configuration, type Report } from '../../../../gateway/configuration.ts';
import { readObjects } from '../../../../gateway/source/read.ts';
import type { Environment } from '../../../../gateway/source/secret.ts';
import { AgentgatewayBackend } from '../../../../lib/agentgateway/backend.ts';
import { AgentgatewayPolicy } from '../../../../lib/agentgateway/policy.ts';
import { GatewayWorkload, type GatewayWorkloadProps } from '../../../../lib/agentgateway/workload/workload.ts';
import { Namespace } from '../../../../lib/core/namespace.ts';
import { SecretReference } from '../../../../lib/core/secret.ts';
import { Gateway } from '../../../../lib/gateway-api/gateway.ts';
import { HttpRoute } from '../../../../lib/gateway-api/http-route.ts';
import { charts, find, problems, synth, type Written } from '../../../support/charts.ts';

/** Two listeners on one port and one on another; a backend with a credential; a collector elsewhere. */
const setUp = (props: Partial<GatewayWorkloadProps> = {}) => {
  const { app, in: chart } = charts('edge', 'telemetry');
  const gateway = new Gateway(chart.edge, 'mcp-gateway', {
    listeners: [
      { name: 'mcp', port: 3000, hostname: 'a.example.com' },
      { name: 'other', port: 3000, hostname: 'b.example.com' },
      { name: 'third', port: 80, routesFrom: { matchLabels: { team: 'agents' } } },
    ],
  });
  new GatewayWorkload(chart.edge, 'workload', { gateway, ...props });
  const secret = new SecretReference(chart.edge, 'github-pat', { keys: ['Authorization', 'unused'] });
  const auth = secret.key('Authorization');
  const targets = [{ name: 'one', host: 'mcp.example.com', port: 443, auth }];
  const backend = new AgentgatewayBackend(chart.edge, 'b', { targets });
  const twin = new AgentgatewayBackend(chart.edge, 'b2', { targets });
  new HttpRoute(chart.edge, 'r', { parents: [gateway], rules: [{ backends: [backend, twin] }] });
  const grantScope = chart.telemetry;
  const collector = { namespace: 'telemetry', serviceName: 'traces', grpcPort: 4317, httpPort: 4318, grantScope };
  new AgentgatewayPolicy(chart.edge, 'p', { targets: [gateway], tracing: { collector } });
  new Namespace(new Chart(app, 'namespaces'), 'edge', { labels: { team: 'agents' } });
  return { app, chart, gateway, backend };
};

const objectsOf = (written: readonly Written[], name = 'mcp-gateway'): string =>
  (find(written, 'ConfigMap', name).data as Record<string, string>)['objects.yaml'] ?? '';

/** What the gateway makes of the text, as its file source reads it. */
const serve = (text: string, env: Environment) => {
  const { objects, problems: found } = readObjects('/config/objects.yaml', text, env);
  const reports: Report[] = [];
  const configuration = new Configuration({ onSnapshot: () => {}, onReport: (report) => reports.push(report) });
  const events = [...objects.values()].map((resource) => ({ type: 'put', resource }) as const);
  configuration.onChange(events, found);
  return { configuration, findings: reports.flatMap(({ findings }) => findings) };
};

describe('GatewayWorkload', () => {
  test('the Service is the Gateway’s name and ports, each port once', () => {
    const service = find(synth(setUp().app), 'Service', 'mcp-gateway');
    expect(service.metadata.namespace).toBe('edge');
    expect(service.spec).toEqual({
      type: 'LoadBalancer',
      selector: {
        'app.kubernetes.io/name': 'mcp-gateway',
        'app.kubernetes.io/instance': 'mcp-gateway',
        'gateway.networking.k8s.io/gateway-name': 'mcp-gateway',
      },
      ports: [
        { name: 'listener-3000', port: 3000, protocol: 'TCP', targetPort: 3000 },
        { name: 'listener-80', port: 80, protocol: 'TCP', targetPort: 80 },
      ],
    });
  });

  test('the pod runs the gateway on the ConfigMap, without privileges, with its probes and metrics', () => {
    const { template } = find(synth(setUp().app), 'Deployment', 'mcp-gateway').spec as {
      template: { metadata: unknown; spec: { containers: Record<string, unknown>[] } };
    };
    expect(template.metadata).toMatchObject({
      labels: {
        'gateway.networking.k8s.io/gateway-name': 'mcp-gateway',
        'gateway.networking.k8s.io/gateway-class-name': 'agentgateway',
      },
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/path': '/metrics',
        'prometheus.io/port': '15020',
      },
    });
    expect(template.spec).toMatchObject({
      serviceAccountName: 'mcp-gateway',
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10101,
        sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
      },
      volumes: [{ name: 'config', configMap: { name: 'mcp-gateway' } }, { name: 'tmp' }],
    });
    const ready = { path: '/healthz/ready', port: 15021 };
    expect(template.spec.containers).toMatchObject([
      {
        image: expect.stringMatching(/^tooltrail\/tooltrail:\d+\.\d+\.\d+/),
        args: [
          'gateway',
          ...['--config', '/config'],
          ...['--admin', '127.0.0.1:15000'],
          ...['--stats', '0.0.0.0:15020'],
          ...['--readiness', '0.0.0.0:15021'],
        ],
        ports: [
          { name: 'listener-3000', containerPort: 3000 },
          { name: 'listener-80', containerPort: 80 },
          { name: 'metrics', containerPort: 15020 },
          { name: 'readiness', containerPort: 15021 },
        ],
        readinessProbe: { httpGet: ready, periodSeconds: 10 },
        startupProbe: { httpGet: ready, periodSeconds: 1, failureThreshold: 60, timeoutSeconds: 2 },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [
          { name: 'config', mountPath: '/config', readOnly: true },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ]);
  });

  test('Secret values come as variables from the Secrets themselves, each key once, and never stop the pod', () => {
    const deployment = find(synth(setUp().app), 'Deployment', 'mcp-gateway');
    const { containers } = (deployment.spec as { template: { spec: { containers: { env: { name: string }[] }[] } } })
      .template.spec;
    const env = containers[0]?.env.filter(({ name }) => /SECRET|SESSION/.test(name));
    expect(env).toEqual([
      {
        name: 'SESSION_KEY',
        valueFrom: { secretKeyRef: { name: 'mcp-gateway-session-key', key: 'key', optional: true } },
      },
      {
        name: 'SECRET_GITHUB_PAT_AUTHORIZATION',
        valueFrom: { secretKeyRef: { name: 'github-pat', key: 'Authorization', optional: true } },
      },
    ]);
  });

  test('the ConfigMap holds what the cluster holds: the same objects, the grant, and the collector’s Service', () => {
    const written = synth(setUp().app);
    const documents = parseAllDocuments(objectsOf(written)).map((document) => document.toJS() as Written);
    for (const kind of ['Namespace', 'Gateway', 'AgentgatewayBackend', 'HTTPRoute', 'ReferenceGrant']) {
      expect(documents.filter((item) => item.kind === kind)).toEqual(written.filter((item) => item.kind === kind));
    }
    expect(documents.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace edge',
      'Gateway mcp-gateway',
      'Secret github-pat',
      'AgentgatewayBackend b',
      'AgentgatewayBackend b2',
      'HTTPRoute r',
      'ReferenceGrant allow-traces-access',
      'AgentgatewayPolicy p',
      'Service traces',
    ]);
    expect(find(documents, 'Secret', 'github-pat').stringData).toEqual({
      Authorization: `\${SECRET_GITHUB_PAT_AUTHORIZATION}`,
    });
  });

  test('the gateway takes those documents without a complaint and reaches the target and the collector', () => {
    const { configuration, findings } = serve(objectsOf(synth(setUp().app)), {
      SECRET_GITHUB_PAT_AUTHORIZATION: 'Bearer abc',
    });
    expect(findings).toEqual([]);
    const [bind] = configuration.snapshot?.binds ?? [];
    expect(bind?.listeners[0]?.telemetry.tracing?.collector).toMatchObject({
      host: 'traces.telemetry.svc.cluster.local',
      port: 4317,
    });
    const [listener] = bind?.listeners ?? [];
    expect(listener && allMatches(listener.routes)[0]?.rule.backends[0]?.backend).toMatchObject({
      type: 'mcp',
      targets: [{ name: 'one', host: 'mcp.example.com' }],
    });
  });

  test('before the Secret is filled the gateway listens, and says which variable is missing', () => {
    const { configuration, findings } = serve(objectsOf(synth(setUp().app)), {});
    expect(configuration.snapshot?.binds.map(({ port }) => port).sort()).toEqual([3000, 80]);
    expect(findings.map(({ message }) => message).join('\n')).toContain('SECRET_GITHUB_PAT_AUTHORIZATION is not set');
  });

  test('objects of another Gateway stay out', () => {
    const { app, chart, backend } = setUp();
    const other = new Gateway(chart.edge, 'other', { listeners: [{ name: 'mcp', port: 4000 }] });
    new HttpRoute(chart.edge, 'r2', { parents: [other], rules: [{ backends: [backend] }] });
    new GatewayWorkload(chart.edge, 'workload-2', { gateway: other });
    const written = synth(app);
    const kinds = parseAllDocuments(objectsOf(written, 'other')).map((item) => (item.toJS() as Written).kind);
    expect(kinds).toEqual(['Gateway', 'Secret', 'AgentgatewayBackend', 'HTTPRoute']);
    expect(objectsOf(written)).not.toContain('name: r2');
  });

  test('variables of different keys stay apart, and none is one that the process obeys', () => {
    const { app, chart, backend } = setUp();
    for (const name of ['node-options', 'node.options']) {
      const secret = new SecretReference(chart.edge, name, { keys: ['x'] });
      backend.addTarget({ name, host: 'h', port: 1, auth: secret.key('x') });
    }
    const config = objectsOf(synth(app));
    expect(config).toContain(`\${SECRET_NODE_OPTIONS_X}`);
    expect(config).toContain(`\${SECRET_NODE_OPTIONS_X_2}`);
    const names = parse(
      JSON.stringify(find(synth(app), 'Deployment', 'mcp-gateway').spec),
    ).template.spec.containers[0].env.map(({ name }: { name: string }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('image, replicas and type of the Service can be chosen', () => {
    const written = synth(setUp({ image: 'mine:1', replicas: 3, serviceType: 'ClusterIP' }).app);
    expect(find(written, 'Deployment', 'mcp-gateway').spec).toMatchObject({
      replicas: 3,
      template: { spec: { containers: [{ image: 'mine:1' }] } },
    });
    expect(find(written, 'Service', 'mcp-gateway').spec).toMatchObject({ type: 'ClusterIP' });
  });

  test('what could not run fails at synth', () => {
    const { app, in: chart } = charts('edge', 'apps');
    const gateway = new Gateway(chart.edge, 'g', {
      name: '1.gateway',
      listeners: [{ name: 'mcp', port: 3000, routesFrom: 'All' }],
    });
    const secret = new SecretReference(chart.apps, 's', { keys: ['Authorization'] });
    const targets = [{ name: 't', host: 'h', port: 1, auth: secret.key('Authorization') }];
    const backend = new AgentgatewayBackend(chart.apps, 'b', { targets });
    const route = new HttpRoute(chart.apps, 'r', { parents: [gateway], rules: [{ backends: [backend] }] });
    new GatewayWorkload(chart.edge, 'w', { gateway, replicas: -1 });
    expect(problems(app)).toEqual([
      '[edge/w] the Service takes the Gateway\'s name "1.gateway", which must be a DNS label of at most 63 characters that begins with a letter',
      '[edge/w] replicas: -1 is not a whole number from 0',
      '[edge/w] Secret apps/s is out of reach: pods read Secrets of their own namespace edge only; put the backend and its Secret there',
    ]);
    expect(route.backends).toEqual([backend]);
  });

  test('more objects than a ConfigMap holds fail at synth', () => {
    const { app, chart, gateway } = setUp();
    const attributes = Object.fromEntries(
      Array.from({ length: 80 }, (_, index) => [`a${index}`, `"${'x'.repeat(15_000)}"`]),
    );
    new AgentgatewayPolicy(chart.edge, 'big', { targets: [gateway.listener('mcp')], accessLog: { attributes } });
    expect(problems(app)).toEqual([
      expect.stringMatching(
        /^\[edge\/workload\] the objects take 1\d{6} bytes, a ConfigMap holds 1048576: split the Gateway$/,
      ),
    ]);
  });
});
