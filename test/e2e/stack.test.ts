import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { eventually } from '../support/acceptance/eventually.ts';
import { distDashboards, filled, questions } from '../support/stack/questions.ts';
import { deployment } from './deploy.ts';
import { driver } from './driver.ts';
import { EVERYTHING } from './everything.ts';
import { leftOut } from './left-out.ts';
import { manifests } from './manifests.ts';
import { ask, callTool, NAMESPACE, TELEMETRY, useEverything } from './post.ts';

/** The whole stack, as its users see it: what a call leaves in Tempo and Prometheus, found by the way from one to the other. */
const SCRAPED = 120_000;
const PROMETHEUS = 'kube-prometheus-stack-prometheus:http-web';
const TEMPO = 'tempo:http';

const { kubectl } = driver;
const TRACE = randomBytes(16).toString('hex');
const AGENT = randomBytes(8).toString('hex');

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

const walkthrough = parse(readFileSync('test/acceptance/walkthrough.yaml', 'utf8')) as {
  readonly span: { readonly attributes: readonly { readonly name: string; readonly type: string }[] };
};

const spansOf = (answer: unknown): readonly Span[] =>
  (answer as { batches: { scopeSpans: { spans: Span[] }[] }[] }).batches.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  );

const isToolCall = ({ kind, attributes }: Span): boolean =>
  kind === 'SPAN_KIND_SERVER' &&
  attributes.some(({ key, value }) => key === 'mcp.method.name' && value.stringValue === 'tools/call');

/** Bytes, as Tempo's JSON has them. */
const hex = (base64 = ''): string => Buffer.from(base64, 'base64').toString('hex');

/** The trace, once the span of the call is in it. */
const traceOf = (id: string): Promise<readonly Span[]> =>
  eventually(
    'the trace in Tempo',
    async () => {
      const spans = await ask(TEMPO, `/api/traces/${id}`).then(spansOf, () => []);
      return spans.some(isToolCall) ? spans : undefined;
    },
    SCRAPED,
  );

const query = async (expression: string, path = 'query', more = ''): Promise<readonly unknown[]> => {
  const answer = await ask(PROMETHEUS, `/api/v1/${path}?query=${encodeURIComponent(expression)}${more}`);
  const { data } = answer as { readonly data: readonly unknown[] | { readonly result: readonly unknown[] } };
  return 'result' in data ? data.result : data;
};

beforeAll(async () => {
  await useEverything();
  await callTool(`00-${TRACE}-${AGENT}-01`, 'echo', { message: 'whole' });
});

describe('Prometheus', () => {
  const MONITORS: Readonly<Record<string, string>> = { ServiceMonitor: 'serviceMonitor', PodMonitor: 'podMonitor' };
  const monitors = manifests
    .filter(
      ({ kind, metadata }) => kind in MONITORS && !leftOut(process.env).some((part) => metadata.name.endsWith(part)),
    )
    .map(({ kind, metadata }) => `${MONITORS[kind]}/${metadata.namespace}/${metadata.name}/0`);

  test.each(monitors)('scrapes the targets of %s', async (pool) => {
    const healths = await eventually(
      'targets that are up',
      async () => {
        const { data } = (await ask(PROMETHEUS, '/api/v1/targets?state=active')) as {
          readonly data: {
            readonly activeTargets: readonly { readonly scrapePool: string; readonly health: string }[];
          };
        };
        const own = data.activeTargets.filter(({ scrapePool }) => scrapePool === pool).map(({ health }) => health);
        return own.length > 0 && own.every((health) => health === 'up') ? own : undefined;
      },
      SCRAPED,
    );
    expect(healths).toContain('up');
  });

  test('has the post’s metric, and by its exemplar the trace of the call', async () => {
    await eventually(
      'the call in Prometheus',
      async () => {
        const found = await query('agentgateway_mcp_requests_total{method="tools/call",resource="echo"}');
        return found.length > 0 ? found : undefined;
      },
      SCRAPED,
    );
    const now = Date.now() / 1_000;
    const exemplar = await eventually(
      'the exemplar of the call',
      async () => {
        const series = await query(
          'mcp_server_operation_duration_seconds_bucket{gen_ai_tool_name="echo"}',
          'query_exemplars',
          `&start=${now - 600}&end=${now + 600}`,
        );
        const exemplars = (series as { exemplars: { labels: { trace_id: string } }[] }[]).flatMap(
          (one) => one.exemplars,
        );
        return exemplars.find(({ labels }) => labels.trace_id === TRACE);
      },
      SCRAPED,
    );
    const spans = await traceOf(exemplar.labels.trace_id);
    expect(spans.map(({ traceId }) => hex(traceId))).toEqual(spans.map(() => TRACE));
  });
});

describe('the dashboards', () => {
  /**
   * What only many calls answer, or calls that fail, are denied or belong to ended sessions, and what only trouble does: make integration has
   * all of those.
   */
  const SILENT =
    /outcome(!~|="denied")|session_duration|label_overflows|log_records|failed|connect_duration|traces_service_graph| > 0/;
  const asked = questions().filter(({ source, text }) => source === 'prometheus' && !SILENT.test(text));

  test('ask much', () => expect(asked.length).toBeGreaterThan(30));

  test.each(asked.map(({ name, text }) => [name, text] as const))('%s: %s', async (_, text) => {
    const found = await eventually(
      'an answer',
      async () => {
        const series = await query(filled(text));
        return series.length > 0 ? series : undefined;
      },
      SCRAPED,
    );
    expect(found.length).toBeGreaterThan(0);
  });
});

describe('Tempo', () => {
  test('has the call under the agent’s span, with all attributes of the post', async () => {
    const call = (await traceOf(TRACE)).find(isToolCall)!;
    expect([call.name, hex(call.parentSpanId)]).toEqual(['POST /mcp/*', AGENT]);
    const wanted = walkthrough.span.attributes.map(({ name, type }) => `${name}: ${type}Value`);
    expect(wanted).toHaveLength(25);
    // Tempo keeps some attributes in columns of their own, and gives them back last.
    const found = call.attributes.map(({ key, value }) => `${key}: ${Object.keys(value)[0]}`);
    expect(found).toEqual(expect.arrayContaining(wanted));
  });

  test('has the upstream’s span under the gateway’s', async () => {
    const spans = await traceOf(TRACE);
    const call = spans.find(isToolCall)!;
    const upstream = spans.filter(({ parentSpanId }) => parentSpanId === call.spanId);
    expect(upstream.map(({ name, kind }) => [name, kind])).toEqual([['tools/call echo', 'SPAN_KIND_CLIENT']]);
  });
});

// Its part of the result says so where it is left out.
(leftOut(process.env).includes('grafana') ? describe.skip : describe)('Grafana', () => {
  /** As its administrator, with what the pod itself has of the Secret. */
  const grafana = async (path: string): Promise<unknown> => {
    const script = `curl -sS --fail -u "$GF_SECURITY_ADMIN_USER:$GF_SECURITY_ADMIN_PASSWORD" 'http://127.0.0.1:3000${path}'`;
    const target = ['deployment/kube-prometheus-stack-grafana', '-n', TELEMETRY];
    return JSON.parse(await kubectl.must(['exec', ...target, '--', 'sh', '-c', script]));
  };

  test('has the post’s data sources, and both answer', async () => {
    const sources = (await grafana('/api/datasources')) as readonly {
      readonly uid: string;
      readonly isDefault: boolean;
    }[];
    expect(sources.map(({ uid, isDefault }) => [uid, isDefault]).sort()).toEqual([
      ['prometheus', true],
      ['tempo', false],
    ]);
    for (const { uid } of sources) {
      expect(await grafana(`/api/datasources/uid/${uid}/health`)).toMatchObject({ status: 'OK' });
    }
  });

  test('finds the trace of the call through its proxy', async () => {
    await traceOf(TRACE);
    expect(spansOf(await grafana(`/api/datasources/proxy/uid/tempo/api/traces/${TRACE}`)).some(isToolCall)).toBe(true);
  });

  test('has loaded every dashboard', async () => {
    const found = (await grafana('/api/search?tag=tooltrail')) as readonly { readonly uid: string }[];
    expect(found.map(({ uid }) => uid).sort()).toEqual(
      distDashboards()
        .map(({ uid }) => uid)
        .sort(),
    );
  });
});

describe('deploying again', () => {
  const state = async (): Promise<readonly string[]> => {
    const out = await kubectl.must(['get', '-R', '-f', `${process.cwd()}/dist`, '-o', 'json']);
    const { items } = JSON.parse(out) as {
      readonly items: readonly {
        readonly kind: string;
        readonly metadata: { readonly name: string; readonly generation?: number };
      }[];
    };
    return items.map(({ kind, metadata }) => `${kind}/${metadata.name} ${metadata.generation ?? ''}`);
  };
  const password = (): Promise<string> =>
    kubectl.must(['get', 'secret', 'kube-prometheus-stack-grafana', '-n', TELEMETRY, '-o', 'jsonpath={.data}']);

  test('leaves what somebody has changed since, and says so', async () => {
    await expect(deployment('deploy')).rejects.toThrow();
    const backend = await kubectl.get('agentgatewaybackend', 'github-mcp-server', NAMESPACE);
    expect(JSON.stringify(backend)).toContain(EVERYTHING.host);
  });

  test('changes nothing else, Grafana’s password and the token included', async () => {
    await deployment('deploy', { FORCE: '1' });
    const before = [await state(), await password()];
    await deployment('deploy');
    expect([await state(), await password()]).toEqual(before);
  });
});
