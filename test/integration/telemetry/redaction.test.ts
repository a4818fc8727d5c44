import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DecodedSpan } from '../../../gateway/demo/otlp-decode.ts';
import { startOtlpReceiver } from '../../../gateway/demo/otlp-receiver.ts';
import { eventually } from '../../support/acceptance/eventually.ts';
import { closingAfterAll } from '../../support/closing.ts';
import { type CollectorProcess, startCollector } from '../../support/stack/collector.ts';

/** Canaries in everything that senders other than the gateway may send: none leaves the Collector, nor stands in its log. */
const MASK = '****';
const random = 'Zm9vYmFyYmF6cXV4Zm9vYmFy';
const SECRETS: Readonly<Record<string, string>> = {
  'a GitHub token': `github_pat_${random}`,
  'a JSON Web Token': `eyJhbGciOiJIUzI1NiJ9.${random}.${random}`,
  'a private key': `-----BEGIN RSA PRIVATE KEY-----\n${random}\n-----END RSA PRIVATE KEY-----`,
  'credentials of HTTP': `BEARER ${random}`,
  'credentials of a URL': `https://ada:${random}@example.com/`,
  'an e-mail address': `canary.${random}@example.com`,
  'a payment card': '4111 1111 1111 1111',
  'a password in arguments': `{"user":"ada","Pass-Word":"${random}"}`,
  'an access token in arguments': `{"accessToken" : "a\\"${random}"}`,
  'what the option names': 'mrn-271828$',
};
/** What must be gone of each. */
const CANARIES = [random, '4111 1111 1111 1111', 'mrn-271828'];
const KEPT: Readonly<Record<string, string>> = {
  'mcp.method.name': 'tools/call',
  'mcp.session.id': 'c2VhbGVkc2Vzc2lvbg',
  'src.addr': '10.224.0.62:36759',
  'trace.id': '4bf92f3577b34da6a3ce929d0e0e4736',
  duration: '216ms',
  'error.type': 'tool_error',
  'gen_ai.usage.input_tokens': '12345',
  'http.path': '/mcp?key=REDACTED',
  'gen_ai.tool.call.arguments': '{"owner":"ada","issue":"1772000000000"}',
};
const KEYS = ['x-api-key', 'Api Key', 'db.password', 'SESSION_TOKEN', 'card-number', 'patient.name'];

const text = (value: string) => ({ stringValue: value });
const attributesOf = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([key, value]) => ({ key, value: text(value) }));
const secrets = attributesOf(SECRETS);
const named = KEYS.map((key) => ({ key, value: text(`canary ${random}`) }));

const TRACE = '5b8efff798038103d269b633813fc60c';
const TRACES = {
  resourceSpans: [
    {
      resource: { attributes: [...attributesOf({ 'service.name': 'an agent' }), ...secrets] },
      scopeSpans: [
        {
          scope: { name: 'agent', attributes: secrets },
          spans: [
            {
              traceId: TRACE,
              spanId: 'eee19b7ec3c1b174',
              name: 'chat',
              kind: 1,
              startTimeUnixNano: '1772000000000000000',
              endTimeUnixNano: '1772000000216000000',
              attributes: [...attributesOf(KEPT), ...secrets, ...named],
              events: [{ name: 'prompt', timeUnixNano: '1772000000000000000', attributes: [...secrets, ...named] }],
            },
          ],
        },
      ],
    },
  ],
};
const LOGS = {
  resourceLogs: [
    {
      resource: { attributes: secrets },
      scopeLogs: [
        {
          scope: { name: 'agent' },
          logRecords: Object.values(SECRETS).map((secret) => ({
            timeUnixNano: '1772000000000000000',
            body: text(`marker ${secret}`),
            attributes: named,
          })),
        },
      ],
    },
  ],
};

const send = async (collector: CollectorProcess, path: string, body: object): Promise<number> =>
  (
    await fetch(`http://127.0.0.1:${collector.httpPort}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).status;

const keep = closingAfterAll();
let span: DecodedSpan;
let log: string;

beforeAll(async () => {
  const tempo = keep(await startOtlpReceiver({ protocol: 'grpc' }), (receiver) => receiver.close());
  const redaction = { keys: ['^patient\\.'], values: ['mrn-\\d{6}\\$'] };
  const collector = keep(await startCollector({ redaction }, { tempoPort: tempo.port }), (each) => each.stop());
  expect(await send(collector, '/v1/traces', TRACES)).toBe(200);
  expect(await send(collector, '/v1/logs', LOGS)).toBe(200);
  [span] = (await tempo.waitFor((spans) => spans.length === 1, 10_000)) as [DecodedSpan];
  log = await eventually('the log record is printed', () =>
    collector.log().split('marker').length > LOGS.resourceLogs[0]!.scopeLogs[0]!.logRecords.length
      ? collector.log()
      : undefined,
  );
}, 60_000);

const value = (name: string): unknown => span.attributes.find((attribute) => attribute.name === name)?.value;

describe('what the Collector masks', () => {
  test.each(Object.keys(SECRETS))('in a value: %s', (name) => {
    expect(value(name)).toContain(MASK);
  });

  test.each(KEYS)('by the name: %s', (name) => expect(value(name)).toBe(MASK));

  test('is in no part of what it passes on', () => {
    const passed = JSON.stringify(span, (_, member) => (typeof member === 'bigint' ? String(member) : member));
    expect(CANARIES.filter((canary) => passed.includes(canary))).toEqual([]);
  });

  test('is in nothing that it prints: spans, events, resources, bodies of log records', () => {
    expect(log).toContain('db.password');
    expect(CANARIES.filter((canary) => log.includes(canary))).toEqual([]);
  });
});

test('what is no secret passes as it is', () => {
  expect(Object.fromEntries(Object.keys(KEPT).map((name) => [name, value(name)]))).toEqual(KEPT);
});
