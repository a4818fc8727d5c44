import { PORTS } from '../../../lib/api/ports.ts';
import { freePort } from '../free-port.ts';
import { withoutBalancer } from './balancer.ts';
import { COLLECTOR, type CollectorOptions, collectorApp, configsOf } from './configs.ts';
import { type Folder, type Running, runProgram, temporaryFolder } from './program.ts';
import { relocated } from './relocate.ts';

export interface CollectorProcess extends Running {
  readonly grpcPort: number;
  readonly httpPort: number;
  /** Of `/metrics`. */
  readonly metricsPort: number;
  metrics(): Promise<string>;
}

export interface CollectorLocation {
  /** Port here of OTLP over gRPC of what is Tempo to it. */
  readonly tempoPort: number;
  /** Other texts of its configuration, and what stands there here. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Values of the variables that its container would have from Secrets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Which of the tiers. */
  readonly tier?: string;
  /** Port here of OTLP over gRPC of the one sampler behind the first tier. */
  readonly samplerPort?: number;
}

/** The Collector on what the construct writes for these options. */
export const startCollector = async (
  options: CollectorOptions,
  { tempoPort, texts = {}, env = {}, tier = COLLECTOR, samplerPort }: CollectorLocation,
): Promise<CollectorProcess> => {
  const cluster = [PORTS.otlpGrpc, PORTS.otlpHttp, PORTS.collectorHealth, PORTS.collectorMetrics];
  const ports = new Map<number, number>();
  for (const port of cluster) ports.set(port, await freePort());
  const local = (port: number): number => ports.get(port) ?? 0;
  const written = withoutBalancer(configsOf(collectorApp(options))[tier], `127.0.0.1:${samplerPort}`);
  const config = relocated(written, {
    ports,
    texts: { ...texts, [`tempo.telemetry.svc.cluster.local:${PORTS.otlpGrpc}`]: `127.0.0.1:${tempoPort}` },
  });
  const folder: Folder = temporaryFolder('collector');
  const ready = `http://127.0.0.1:${local(PORTS.collectorHealth)}/`;
  try {
    const running = await runProgram('otelcol-contrib', folder, config, '--config', { ready, env });
    return {
      ...running,
      grpcPort: local(PORTS.otlpGrpc),
      httpPort: local(PORTS.otlpHttp),
      metricsPort: local(PORTS.collectorMetrics),
      metrics: async () => (await fetch(`http://127.0.0.1:${local(PORTS.collectorMetrics)}/metrics`)).text(),
      stop: async () => {
        await running.stop();
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
};

/** Sum of a metric over its series that hold `label`. */
export const sumOf = (metrics: string, name: string, label = ''): number =>
  metrics
    .split('\n')
    .filter((line) => new RegExp(`^${name}[{ ]`).test(line) && line.includes(label))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
