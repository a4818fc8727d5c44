import { adminPages } from '../admin/admin.ts';
import { authority, type ListenAddress, type PagesServer, startPages } from '../admin/pages.ts';
import { Readiness } from '../admin/readiness.ts';
import { statsPages } from '../admin/stats.ts';
import { allMatches } from '../compile/routes/table.ts';
import type { Backend, Snapshot } from '../compile/snapshot.ts';
import { Configuration, type Report } from '../configuration.ts';
import type { Log } from '../http/log.ts';
import { GatewayServer } from '../http/server.ts';
import { McpHandler } from '../mcp/handler.ts';
import { SESSION_KEY_BYTES, SessionTokens } from '../mcp/session-token.ts';
import { ProxyHandler } from '../proxy/handler.ts';
import { FileSource } from '../source/file.ts';
import type { Finding } from '../status/findings.ts';
import { LOG_METRICS, registerExporterMetrics } from '../telemetry/export/metrics.ts';
import { Exporters } from '../telemetry/export/registry.ts';
import { LOGS, TRACES } from '../telemetry/export/signal.ts';
import { addProcessMetrics, negotiateFormat, newRegistry, renderMetrics } from '../telemetry/metrics/render.ts';
import { registerStateMetrics } from '../telemetry/metrics/state.ts';
import { KnownNames } from '../telemetry/names.ts';
import type { TelemetryPolicy } from '../telemetry/policy.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { Upstream } from '../upstream/upstream.ts';
import { Announcer } from './announce.ts';
import type { Host } from './host.ts';
import { ClusterFacts, clusterConfig, kubernetesOrigin, type Origin } from './kubernetes/origin.ts';
import { LineWriter } from './lines.ts';
import type { GatewayOptions } from './options.ts';

export interface Runtime {
  /** Of the admin interface, the metrics and the readiness probe, as they were bound. */
  readonly addresses: {
    readonly admin: ListenAddress;
    readonly stats: ListenAddress;
    readonly readiness: ListenAddress;
  };
  /** No longer ready, no new requests; resolves when those under way have ended, DRAIN_TIMEOUT is over, and spans are sent. */
  stop(): Promise<void>;
}

/**
 * All stages, wired: files → configuration → snapshot → listeners, and what they report.
 * Rejects when one of the gateway's own addresses cannot be bound; whatever is wrong with the configuration is reported and waited for.
 */
export const startRuntime = async (options: GatewayOptions, host: Host, log: Log): Promise<Runtime> => {
  const cluster = options.kubernetes && (await clusterConfig(options.kubernetes.kubeconfig, host));
  const { clock, randomBytes } = host;
  const now = (): number => clock.now();
  const accessLog = new LineWriter(host.stdout, setImmediate);
  const registry = newRegistry();
  const exporting = { clock, log, dial: (name: string, port: number) => dial(options, name, port) };
  const exporters = new Exporters({ signal: TRACES, ...exporting, batch: options.batches.spans });
  const logExporters = new Exporters({ signal: LOGS, ...exporting, batch: options.batches.logRecords });
  registerExporterMetrics(registry, exporters);
  registerExporterMetrics(registry, logExporters, LOG_METRICS);
  addProcessMetrics(registry);
  const environment = { podName: host.env.POD_NAME, namespace: host.env.POD_NAMESPACE ?? host.env.NAMESPACE };
  const telemetry = new Telemetry({
    random: randomBytes,
    now,
    sinks: (policy) => exporters.sink(policy),
    logSinks: (policy) => logExporters.sink(policy),
    log: (line) => accessLog.line(line),
    logFormat: options.logFormat,
    registry,
    version: host.version,
    environment,
    traceContext: options.traceContext,
    keepErrors: options.keepErrors,
    audit: options.audit,
    spanNames: options.spanNames,
    onDefect: (error) => log('error', 'telemetry failed', { cause: stackOf(error) }),
  });
  const random = (): number => clock.random();
  const newSpanId = (): string => telemetry.newSpanId();
  const upstream = new Upstream({
    connectTo: options.connectTo,
    now,
    onConnect: ({ tls }, duration) =>
      telemetry.connections.connected(tls === undefined ? 'plaintext' : 'tls', duration),
  });
  const mcp = new McpHandler({
    upstream,
    sessions: new SessionTokens({
      key: options.sessionKey ?? randomBytes(SESSION_KEY_BYTES),
      randomBytes,
      randomUuid: host.randomUuid,
    }),
    names: new KnownNames(),
    newSpanId,
    onMessage: (record, carrier) => telemetry.onMessage(record, carrier),
    needs: (policy) => telemetry.needs(policy),
    stream: () => telemetry.stream(),
    now,
  });
  const proxy = new ProxyHandler({ upstream, newSpanId, now, random });
  const readiness = new Readiness(options.kubernetes?.gateway === undefined);
  const server: GatewayServer = new GatewayServer({
    handlers: {
      mcp: (exchange, backend) => mcp.handle(exchange, backend),
      describe: (exchange, backend) => mcp.describe(exchange, backend),
      http: (exchange, backend) => proxy.handle(exchange, backend),
    },
    telemetry,
    connections: telemetry.connections,
    now,
    random,
    environment,
    clock,
    log,
    address: options.bind,
    listenOn: (port) => options.listen.get(port) ?? port,
    onPorts: () => onPorts(),
  });

  let report: Report | undefined;
  let stopping = false;
  let appliedAt: number | undefined;
  let applied: Promise<void> = Promise.resolve();
  const announcer = new Announcer(log);
  const onPorts = (): void => {
    readiness.onPorts(server.ports);
    // Not before all ports have been tried: some will be bound in a moment.
    void applied.then(() => {
      configuration.refresh();
      announce();
    });
  };
  const announce = (): void => {
    if (configuration.snapshot !== undefined && report !== undefined) {
      announcer.announce(configuration.snapshot, server.ports, report.findings);
    }
  };
  const apply = (snapshot: Snapshot): Promise<void> => {
    appliedAt = now();
    exporters.reconcile(policiesOf(snapshot, ({ tracing }) => tracing));
    logExporters.reconcile(policiesOf(snapshot, ({ accessLog }) => accessLog?.otlp));
    upstream.retain(targets(snapshot));
    return server.apply(snapshot).then(() => readiness.onPorts(server.ports));
  };
  const facts = options.kubernetes && new ClusterFacts(options.kubernetes);
  const configuration: Configuration = new Configuration({
    resolve: () => ({
      referenceGrants: options.referenceGrants,
      reservedPorts: [options.admin, options.stats, options.readiness].map(({ port }) => port),
      unboundPort: (address, port) => unboundPort(server, address, port),
      ...facts?.resolve,
    }),
    onSnapshot: (snapshot, references) => {
      const missing = origin.read(references);
      // What it refers to comes in a moment, and with it a newer one.
      applied =
        missing === undefined
          ? apply(snapshot)
          : missing.then(() => (configuration.snapshot === snapshot && !stopping ? apply(snapshot) : undefined));
    },
    onReport: (next) => {
      report = next;
      origin.onReport(next);
      const own = applied;
      // A newer one announces itself.
      void own.then(() => applied === own && announce());
    },
  });
  const origin: Origin =
    cluster !== undefined && facts !== undefined && options.kubernetes !== undefined
      ? kubernetesOrigin(cluster, options.kubernetes, facts, configuration, host, log)
      : fileOrigin(options.paths, configuration, host);
  const { source } = origin;

  registerStateMetrics(registry, () => ({
    applied: appliedAt,
    findings: countFindings(report?.findings ?? []),
    upstreams: upstream.states(),
  }));

  const pages = await startAll(
    [
      {
        name: '--admin',
        address: options.admin,
        pages: adminPages(() => ({
          version: host.version,
          snapshot: configuration.snapshot,
          findings: report?.findings ?? [],
          statuses: report?.statuses ?? [],
          ports: server.ports,
        })),
      },
      {
        name: '--stats',
        address: options.stats,
        pages: statsPages((accept) => renderMetrics(registry, negotiateFormat(accept))),
      },
      { name: '--readiness', address: options.readiness, pages: readiness.pages() },
    ],
    log,
  );
  const [admin, stats, probe] = pages.map(({ address }) => address) as [ListenAddress, ListenAddress, ListenAddress];
  log('info', `tooltrail ${host.version} started`, {
    admin: `http://${authority(admin)}`,
    metrics: `http://${authority(stats)}/metrics`,
    readiness: `http://${authority(probe)}/healthz/ready`,
  });
  const loaded = source.load().then(async () => {
    await applied;
    source.watch();
  });
  // The Kubernetes API may be away for long.
  if (options.kubernetes === undefined) await loaded;
  return {
    addresses: { admin, stats, readiness: probe },
    stop: async () => {
      stopping = true;
      readiness.drain();
      const { linger, drain, flush } = options.shutdown;
      if (linger > 0) {
        server.retire();
        await new Promise<void>((resolve) => {
          clock.setTimeout(resolve, linger);
        });
      }
      await Promise.all([origin.close(), server.close(drain)]);
      await Promise.all([exporters.shutdown(flush), logExporters.shutdown(flush)]);
      await upstream.close();
      await Promise.all(pages.map((server) => server.close()));
      accessLog.flush();
    },
  };
};

const fileOrigin = (paths: readonly string[], configuration: Configuration, { fs, env, clock }: Host): Origin => {
  const source = new FileSource({ paths, fs, env, timers: clock }, configuration);
  return { source, read: () => undefined, onReport: () => {}, close: async () => source.close() };
};

const unboundPort = (server: GatewayServer, address: string | undefined, port: number): string | undefined => {
  const problem = server.ports.find((own) => own.address === address && own.port === port)?.problem;
  return problem === undefined ? undefined : `port ${port} cannot be bound: ${problem}`;
};

const countFindings = (findings: readonly Finding[]): Readonly<Record<Finding['severity'], number>> => ({
  error: findings.filter(({ severity }) => severity === 'error').length,
  note: findings.filter(({ severity }) => severity === 'note').length,
});

type PagesDescription = Omit<Parameters<typeof startPages>[0], 'onError'>;

/** All of them, or none: what was started is closed when another cannot be. */
const startAll = async (descriptions: readonly PagesDescription[], log: Log): Promise<readonly PagesServer[]> => {
  const started: PagesServer[] = [];
  const onError = (error: unknown): void => log('error', 'a page failed', { cause: stackOf(error) });
  try {
    for (const description of descriptions) started.push(await startPages({ ...description, onError }));
    return started;
  } catch (error) {
    await Promise.all(started.map((server) => server.close()));
    throw error;
  }
};

const dial = ({ connectTo }: GatewayOptions, host: string, port: number) =>
  connectTo.get(`${host.toLowerCase()}:${port}`) ?? { host, port };

const policiesOf = <P>({ binds }: Snapshot, part: (telemetry: TelemetryPolicy) => P | undefined): P[] =>
  binds.flatMap(({ listeners }) => listeners.flatMap(({ telemetry }) => part(telemetry) ?? []));

const targets = ({ binds }: Snapshot) =>
  binds.flatMap(({ listeners }) =>
    listeners.flatMap(({ routes }) =>
      allMatches(routes).flatMap(({ rule }) => rule.backends.flatMap(({ backend }) => targetsOf(backend))),
    ),
  );

const targetsOf = (backend: Backend) => {
  if (backend.type === 'invalid') return [];
  return backend.type === 'mcp' ? backend.targets : backend.endpoints;
};

export const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);
