import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { renderMetrics } from '../../../../../gateway/telemetry/metrics/render.ts';
import { MAX_SESSIONS, SESSION_IDLE, SessionMetrics } from '../../../../../gateway/telemetry/metrics/sessions.ts';
import { aRecord, aRequest, someMcp } from '../../../../support/telemetry/record.ts';

const START = 1_772_000_000_000;

const sessions = () => {
  const registry = new Registry();
  let now = START;
  const metrics = new SessionMetrics(registry, () => now);
  return {
    metrics,
    /** A request of a session that many milliseconds after the start. */
    request: (sessionId: string, after: number, { method = 'POST', status = 200 } = {}) => {
      now = START + after;
      metrics.observe(
        aRecord({
          startTime: now,
          endTime: now,
          request: aRequest({ method }),
          response: { status, headers: {}, bytes: 0 },
          mcp: someMcp({ sessionId }),
        }),
      );
    },
    wait: (after: number) => {
      now = START + after;
    },
    lines: async (name: string) => {
      let text = '';
      for await (const piece of renderMetrics(registry, 'text').body) text += piece;
      return text.split('\n').filter((line) => line.startsWith(name));
    },
  };
};

const SUM =
  'mcp_server_session_duration_seconds_sum{mcp_protocol_version="2025-11-25",gateway="agentgateway-system/mcp-gateway"}';

describe('a session', () => {
  test('lasts from its first request to its end', async () => {
    const { request, lines } = sessions();
    request('a', 0);
    request('b', 500);
    request('a', 2_000);
    expect(await lines('tooltrail_mcp_active_sessions')).toEqual(['tooltrail_mcp_active_sessions 2']);
    request('a', 5_000, { method: 'DELETE' });
    expect(await lines('tooltrail_mcp_active_sessions')).toEqual(['tooltrail_mcp_active_sessions 1']);
    expect(await lines('mcp_server_session_duration_seconds_sum')).toEqual([`${SUM} 5`]);
  });

  test('that nobody ended has ended with its last request', async () => {
    const { request, wait, lines } = sessions();
    request('a', 0);
    request('a', 3_000);
    wait(3_000 + SESSION_IDLE - 1);
    expect(await lines('tooltrail_mcp_active_sessions')).toEqual(['tooltrail_mcp_active_sessions 1']);
    wait(3_000 + SESSION_IDLE);
    expect(await lines('tooltrail_mcp_active_sessions')).toEqual(['tooltrail_mcp_active_sessions 0']);
    expect(await lines('mcp_server_session_duration_seconds_sum')).toEqual([`${SUM} 3`]);
  });

  test('that the server has forgotten has ended', async () => {
    const { request, lines } = sessions();
    request('a', 0);
    request('a', 1_000, { status: 404 });
    expect(await lines('tooltrail_mcp_active_sessions')).toEqual(['tooltrail_mcp_active_sessions 0']);
  });

  test('is none when it could not be opened, or may not be ended', async () => {
    const { request, lines } = sessions();
    request('a', 0, { status: 502 });
    request('b', 0, { status: 404 });
    request('c', 0, { method: 'DELETE', status: 405 });
    expect(await lines('tooltrail_mcp_active_sessions')).toEqual(['tooltrail_mcp_active_sessions 0']);
    expect(await lines('mcp_server_session_duration_seconds_count')).toEqual([]);
  });

  test('is followed as long as there are not too many', async () => {
    const { request, lines } = sessions();
    for (let session = 0; session <= MAX_SESSIONS; session++) request(String(session), session);
    expect(await lines('tooltrail_mcp_active_sessions')).toEqual([`tooltrail_mcp_active_sessions ${MAX_SESSIONS}`]);
    expect(await lines('mcp_server_session_duration_seconds_sum')).toEqual([`${SUM} 0`]);
  });
});

test('streams count while they are open', async () => {
  const { metrics, lines } = sessions();
  const [first] = [metrics.stream(), metrics.stream()];
  first?.();
  expect(await lines('tooltrail_mcp_active_streams')).toEqual(['tooltrail_mcp_active_streams 1']);
});
