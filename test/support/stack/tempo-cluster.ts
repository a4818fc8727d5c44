import { join } from 'node:path';
import { PORTS } from '../../../lib/api/ports.ts';
import { DATA_FOLDER } from '../../../lib/telemetry/tempo/config.ts';
import { freePort } from '../free-port.ts';
import { configsOf, TEMPO, type TempoOptions, tempoApp } from './configs.ts';
import { type Folder, type Running, runProgram, temporaryFolder } from './program.ts';
import { relocated } from './relocate.ts';
import { traceOf } from './tempo.ts';

type Config = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const LOOPBACK = '127.0.0.1';
const PORTS_OF_EACH = [PORTS.otlpGrpc, PORTS.tempoHttp, PORTS.tempoGrpc, PORTS.tempoGossip];

export interface TempoCluster {
  /** OTLP over gRPC, at the distributor. */
  readonly otlpPort: number;
  /** Query API, at the frontend. */
  readonly url: string;
  readonly members: ReadonlyMap<string, Running>;
  trace: ReturnType<typeof traceOf>;
  stop(): Promise<void>;
}

/**
 * The distributed Tempo, its components as processes of this machine on what the construct writes. Buckets are a folder that all share;
 * addresses are loopback's, and each process has a name of its own, as pods have.
 * @param members name of a process → its target
 */
export const startTempoCluster = async (
  options: TempoOptions,
  members: Readonly<Record<string, string>>,
): Promise<TempoCluster> => {
  const folder = temporaryFolder('tempo-cluster');
  const ports = new Map<string, ReadonlyMap<number, number>>();
  for (const name of Object.keys(members)) {
    const own = new Map<number, number>();
    for (const port of PORTS_OF_EACH) own.set(port, await freePort());
    ports.set(name, own);
  }
  const portOf = (target: string, port: number): number => {
    const [name = ''] = Object.entries(members).find(([, of]) => of === target) ?? [];
    return ports.get(name)?.get(port) ?? 0;
  };
  const written = configsOf(tempoApp(options))[TEMPO];
  const running = new Map<string, Running>();
  const stop = async (): Promise<void> => {
    for (const member of running.values()) await member.stop();
    await folder.remove();
  };
  const join = [...ports.values()].map((own) => `${LOOPBACK}:${own.get(PORTS.tempoGossip)}`);
  const frontend = `${LOOPBACK}:${portOf('query-frontend', PORTS.tempoGrpc)}`;
  const start = async ([name, target]: readonly [string, string]): Promise<void> => {
    const own = ports.get(name) ?? new Map<number, number>();
    const config = located(written, name, own, folder, { join, frontend });
    const ready = `http://${LOOPBACK}:${own.get(PORTS.tempoHttp)}/ready`;
    const args = [`-target=${target}`];
    running.set(name, await runProgram('tempo', folder, config, '-config.file', { ready, args, as: name }));
  };
  try {
    await Promise.all(Object.entries(members).map(start));
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `http://${LOOPBACK}:${portOf('query-frontend', PORTS.tempoHttp)}`;
  const otlpPort = portOf('distributor', PORTS.otlpGrpc);
  return { otlpPort, url, members: running, trace: traceOf(url), stop };
};

interface Others {
  readonly join: readonly string[];
  readonly frontend: string;
}

/** What pods get from their network, and the bucket. */
const located = (
  written: unknown,
  name: string,
  ports: ReadonlyMap<number, number>,
  folder: Folder,
  { join: joined, frontend }: Others,
): object => {
  const config = relocated(written, { ports, texts: { [DATA_FOLDER]: join(folder.path, name) } }) as Config;
  const lifecycler = config.ingester?.lifecycler as object | undefined;
  const instance = { instance_addr: LOOPBACK, instance_id: name };
  return {
    ...config,
    server: { ...config.server, http_listen_address: LOOPBACK, grpc_listen_address: LOOPBACK },
    ingester: { ...config.ingester, lifecycler: { ...lifecycler, address: LOOPBACK, id: name } },
    // It waits a minute by default, in case others start with it.
    compactor: {
      ...config.compactor,
      ring: { ...(config.compactor?.ring as object), ...instance, wait_stability_min_duration: '1s' },
    },
    metrics_generator: { ...config.metrics_generator, ring: instance },
    querier: { ...config.querier, frontend_worker: { frontend_address: frontend } },
    memberlist: {
      ...config.memberlist,
      node_name: name,
      bind_addr: [LOOPBACK],
      advertise_addr: LOOPBACK,
      advertise_port: ports.get(PORTS.tempoGossip),
      join_members: joined,
    },
    storage: {
      trace: {
        ...(config.storage?.trace as object),
        backend: 'local',
        local: { path: join(folder.path, 'bucket') },
      },
    },
  };
};
