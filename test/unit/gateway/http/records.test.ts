import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayError } from '../../../../gateway/errors.ts';
import { noFacts } from '../../../../gateway/mcp/facts.ts';
import type { TraceContext } from '../../../../gateway/telemetry/trace/trace-context.ts';
import { connect, type RawClient, startServer, type TestServer, until } from '../../../support/http/server.ts';
import { aBind, aListener, aSnapshot } from '../../../support/http/snapshot.ts';
import { NOTHING_NEEDED } from '../../../support/telemetry/record.ts';

const GET = 'GET /mcp HTTP/1.1\r\nHost: a\r\n\r\n';

let server: TestServer;
let started: PromiseWithResolvers<void>;

beforeEach(async () => {
  server = await startServer(aSnapshot(0));
  started = Promise.withResolvers();
});

afterEach(() => server.close());

/** Long enough for a second `finish` to show. */
const settled = async (count: number) => {
  await until(() => server.records.length >= count);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(server.records).toHaveLength(count);
  return server.records.map(({ response, error }) => [response.status, error?.type]);
};

/** A client that leaves when the handler has begun. */
const leave = async (): Promise<RawClient> => {
  const client = connect(server.port, GET);
  await started.promise;
  client.socket.destroy();
  return client;
};

describe('every request is finished exactly once', () => {
  test('after its answer', async () => {
    await fetch(server.url('/mcp'));
    expect(await settled(1)).toEqual([[200, undefined]]);
  });

  test('when the client leaves before an answer: 499', async () => {
    server.handle = ({ response }) => {
      started.resolve();
      return new Promise((resolve) => response.on('close', resolve));
    };
    await leave();
    expect(await settled(1)).toEqual([[499, 'client_closed']]);
  });

  test('when the client leaves and the handler fails by that', async () => {
    server.handle = ({ response }) => {
      started.resolve();
      return new Promise((_resolve, reject) => {
        response.on('close', () => reject(new GatewayError('client_closed')));
      });
    };
    await leave();
    expect(await settled(1)).toEqual([[499, 'client_closed']]);
    expect(server.logs).toEqual([]);
  });

  test('when the client leaves in the middle of an answer: its status stays', async () => {
    server.handle = ({ response }) => {
      response.writeHead(200);
      response.write('begun');
      started.resolve();
      return new Promise((resolve) => response.on('close', resolve));
    };
    await leave();
    expect(await settled(1)).toEqual([[200, undefined]]);
    expect(server.records[0]?.response.bytes).toBe(5);
  });

  test('not before its handler is done: what it still notes is told', async () => {
    const done = Promise.withResolvers<void>();
    server.handle = async ({ record }) => {
      started.resolve();
      await done.promise;
      record.mcp = noFacts();
    };
    await leave();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.records).toEqual([]);
    done.resolve();
    await settled(1);
    expect(server.records[0]?.mcp).toEqual(noFacts());
  });

  test('when it waited behind another one and never came to its turn', async () => {
    server.handle = ({ response }) => {
      started.resolve();
      return new Promise((resolve) => response.on('close', resolve));
    };
    const client = connect(server.port, GET.repeat(3));
    await started.promise;
    client.socket.destroy();
    expect(await settled(3)).toEqual(Array(3).fill([499, 'client_closed']));
  });

  test('when the connection is reset', async () => {
    server.handle = ({ response }) => {
      started.resolve();
      return new Promise((resolve) => response.on('close', resolve));
    };
    const client = connect(server.port, GET);
    await started.promise;
    client.socket.resetAndDestroy();
    expect(await settled(1)).toEqual([[499, 'client_closed']]);
  });
});

test('a connection is forgotten with its last request, and not before', async () => {
  const connections = (): number | undefined => server.server.ports[0]?.connections;
  const done = Promise.withResolvers<void>();
  let gone = false;
  server.handle = async ({ response }) => {
    started.resolve();
    await new Promise((resolve) => response.on('close', resolve));
    gone = true;
    await done.promise;
  };
  const client = connect(server.port);
  await until(() => connections() === 1);
  client.send(GET);
  await started.promise;
  client.socket.destroy();
  await until(() => gone);
  expect(connections()).toBe(1);
  done.resolve();
  await until(() => connections() === 0);

  server.handle = async ({ response }) => void response.end();
  await fetch(server.url('/mcp'), { headers: { connection: 'close' } });
  await until(() => connections() === 0);
});

test('telemetry begins with the listener’s policy, before the route is known', async () => {
  await server.close();
  const policy = { metricLabels: [] };
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) } as TraceContext;
  const begun: unknown[] = [];
  const records: unknown[] = [];
  server = await startServer(aSnapshot(aBind(0, { listeners: [aListener({ telemetry: policy, matches: [] })] })), {
    telemetry: {
      begin: (telemetry, request) => {
        begun.push([telemetry === policy, request.target]);
        return trace;
      },
      needs: () => NOTHING_NEEDED,
      finish: (record) => void records.push(record),
    },
  });
  await fetch(server.url('/mcp?a'));
  await until(() => records.length === 1);
  expect(begun).toEqual([[true, '/mcp?a']]);
  expect(records).toMatchObject([{ trace, telemetry: policy, error: { type: 'route_not_found' } }]);
});
