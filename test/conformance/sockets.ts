import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { GatewayServer } from '../../gateway/http/server.ts';
import { ProxyHandler } from '../../gateway/proxy/handler.ts';
import type { Resolution } from '../../gateway/resolve/resolve.ts';
import type { RequestRecord } from '../../gateway/telemetry/record.ts';
import { Upstream } from '../../gateway/upstream/upstream.ts';
import type { EndpointSlice } from '../../lib/api/core.ts';
import type { KeyPair } from '../support/acceptance/authority.ts';
import { eventually } from '../support/acceptance/eventually.ts';
import { clock } from '../support/http/server.ts';
import { NOTHING_NEEDED } from '../support/telemetry/record.ts';
import type { RequestCase, SharesCase } from './case.ts';
import { type Echo, EchoServers } from './echo.ts';
import { compileFor, describe } from './pure.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Draws {
  readonly problems: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
}

/** Requests of a share that are under way at the same time. */
const CONCURRENCY = 10;
/** How often a share is drawn until it is close enough. */
const SHARE_ATTEMPTS = 10;

/** The gateway as a cluster has it: one server for each Gateway, which follows every change of the objects. */
export class Proxies {
  readonly #echo: EchoServers;
  readonly #upstream: Upstream;
  readonly #servers = new Map<string, GatewayServer>();
  readonly #records: RequestRecord[] = [];
  readonly #authority: string;

  /**
   * @param authority PEM of what clients trust
   * @param backend what backends that speak TLS show of themselves
   */
  constructor(authority: string, backend: KeyPair) {
    this.#authority = authority;
    this.#echo = new EchoServers(backend);
    this.#upstream = new Upstream({ connectTo: this.#echo.addresses, now: clock.now });
  }

  async follow(resolution: Resolution, slices: readonly EndpointSlice[]): Promise<void> {
    await this.#echo.follow(slices);
    const names = new Set(resolution.resolved.gateways.map(({ namespace, name }) => `${namespace}/${name}`));
    for (const [gateway, server] of this.#servers) {
      if (names.has(gateway)) continue;
      this.#servers.delete(gateway);
      await server.close(0);
    }
    for (const gateway of names) {
      let server = this.#servers.get(gateway);
      if (server === undefined) {
        server = this.#start();
        this.#servers.set(gateway, server);
      }
      await server.apply(compileFor(resolution, gateway));
    }
  }

  async problems(request: RequestCase): Promise<readonly string[]> {
    for (let left = request.repeat ?? 1; left > 0; left -= 1) {
      const problems = await this.#problemsOfOne(request);
      if (problems.length > 0) return problems;
    }
    return [];
  }

  /** Chance may miss the tolerance now and then, and not every time. All else has to be right at once. */
  async shareProblems(shares: SharesCase): Promise<readonly string[]> {
    let distance: readonly string[] = [];
    for (let left = SHARE_ATTEMPTS; left > 0; left -= 1) {
      const { problems, counts } = await this.#draw(shares);
      if (problems.length > 0) return problems;
      distance = distanceProblems(shares, counts);
      if (distance.length === 0) break;
    }
    return distance;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close(0)));
    await this.#upstream.close();
    await this.#echo.close();
  }

  async #problemsOfOne(request: RequestCase): Promise<readonly string[]> {
    const what = describe(request);
    const before = this.#records.length;
    const answer = await this.#send(request);
    if (request.refused)
      return typeof answer === 'string' ? [] : [`${what}: ${answer.status}, and nobody should answer`];
    if (typeof answer === 'string') return [`${what}: ${answer}`];
    const { status = 200 } = request;
    if (answer.status !== status) return [`${what}: ${answer.status} ${answer.body.slice(0, 100)}, expected ${status}`];
    return [
      ...(await this.#ruleProblems(what, request.rule, before)),
      ...(request.location === answer.headers.location
        ? []
        : [`${what}: location ${answer.headers.location}, expected ${request.location}`]),
      ...fieldProblems(`${what}: answer`, answer.headers, request.answer, request.unanswered),
      ...(status === 200 && request.method !== 'OPTIONS' ? echoProblems(what, request, answer.body) : []),
    ];
  }

  /** A record may be finished a moment after its client has the answer. */
  async #ruleProblems(what: string, expected: string | undefined, index: number): Promise<readonly string[]> {
    if (expected === undefined) return [];
    const { labels } = await eventually(`record of ${what}`, () => this.#records[index]);
    return labels.routeRule === expected ? [] : [`${what}: rule ${labels.routeRule}, expected ${expected}`];
  }

  /** Who answered how often, and what was wrong with answers. */
  async #draw({ gateway, path, draws, backends, seen = {} }: SharesCase): Promise<Draws> {
    const problems = new Set<string>();
    const counts = new Map<string, number>();
    const agent = new http.Agent({ keepAlive: true });
    let left = draws;
    const draw = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const answer = await this.#send({ gateway, path }, agent);
        const echo = typeof answer === 'string' ? undefined : parseEcho(answer.body);
        if (echo === undefined) {
          problems.add(typeof answer === 'string' ? answer : `${answer.status} ${answer.body.slice(0, 100)}`);
          continue;
        }
        const { service } = echo;
        counts.set(service, (counts.get(service) ?? 0) + 1);
        if ((backends[service] ?? 0) === 0) problems.add(`${service} answered, and should not`);
        for (const problem of fieldProblems(`${service} saw`, echo.headers, seen[service])) problems.add(problem);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, draw));
    agent.destroy();
    return { problems: [...problems], counts };
  }

  #start(): GatewayServer {
    const newSpanId = (): string => 'b7ad6b7169203331';
    const { now } = clock;
    const proxy = new ProxyHandler({ upstream: this.#upstream, newSpanId, now, random: Math.random });
    return new GatewayServer({
      handlers: {
        mcp: () => Promise.reject(new Error('no case has an MCP backend')),
        http: (exchange, backend) => proxy.handle(exchange, backend),
      },
      telemetry: {
        begin: () => undefined,
        needs: () => NOTHING_NEEDED,
        finish: (record) => void this.#records.push(record),
      },
      now,
      random: Math.random,
      environment: {},
      log: () => {},
      clock,
      address: '127.0.0.1',
      // Not everybody may bind port 80.
      listenOn: () => 0,
      drainTimeout: 0,
    });
  }

  /** A string: why there is no answer. */
  #send(request: RequestCase, agent: http.Agent | false = false): Promise<Answer | string> {
    const { gateway, port = 80, serverName, method = 'GET', host = 'example.com', path, headers = {} } = request;
    const bound = this.#servers.get(`infra/${gateway}`)?.ports.find((own) => own.port === port)?.bound;
    if (bound === undefined) return Promise.resolve(`port ${port} is not bound`);
    const options = {
      host: '127.0.0.1',
      port: bound.port,
      method,
      path,
      headers: { ...headers, host },
      agent,
    };
    return new Promise((resolve) => {
      const sent =
        serverName === undefined
          ? http.request(options)
          : https.request({
              ...options,
              servername: serverName,
              ca: this.#authority,
              checkServerIdentity: () => undefined,
            });
      sent.on('error', (error) => resolve(error.message));
      sent.on('response', (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      sent.end();
    });
  }
}

const distanceProblems = ({ draws, backends, tolerance }: SharesCase, counts: Draws['counts']): readonly string[] =>
  Object.entries(backends).flatMap(([name, share]) => {
    const actual = (counts.get(name) ?? 0) / draws;
    return Math.abs(actual - share) <= tolerance ? [] : [`share of ${name}: ${actual}, expected ${share}`];
  });

const echoProblems = (what: string, request: RequestCase, body: string): readonly string[] => {
  const echo = parseEcho(body);
  if (echo === undefined) return [`${what}: no echo server answered, but ${body.slice(0, 100)}`];
  const { backend, pod, path, host = 'example.com', seenPath = path, seenHost = host } = request;
  return [
    ...((pod ?? backend) === echo.service ? [] : [`${what}: ${echo.service} answered, expected ${pod ?? backend}`]),
    ...(echo.path === seenPath ? [] : [`${what}: the backend saw ${echo.path}, expected ${seenPath}`]),
    ...(echo.host === seenHost ? [] : [`${what}: the backend saw host ${echo.host}, expected ${seenHost}`]),
    ...(request.seenServerName === undefined || echo.serverName === request.seenServerName
      ? []
      : [`${what}: the backend saw server name ${echo.serverName}, expected ${request.seenServerName}`]),
    ...(echo.method === (request.method ?? 'GET') ? [] : [`${what}: the backend saw ${echo.method}`]),
    ...fieldProblems(`${what}: backend saw`, echo.headers, request.seen, request.unseen),
  ];
};

const parseEcho = (body: string): Echo | undefined => {
  try {
    return JSON.parse(body) as Echo;
  } catch {
    return undefined;
  }
};

const fieldProblems = (
  what: string,
  actual: Readonly<Record<string, string | readonly string[] | undefined>>,
  present: RequestCase['seen'] = {},
  absent: readonly string[] = [],
): readonly string[] => [
  ...Object.entries(present).flatMap(([name, value]) =>
    [actual[name]].flat().join(', ') === value ? [] : [`${what} ${name}: ${String(actual[name])}, expected ${value}`],
  ),
  ...absent.flatMap((name) =>
    actual[name] === undefined ? [] : [`${what} ${name}: ${String(actual[name])}, expected none`],
  ),
];
