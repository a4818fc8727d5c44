import { join } from 'node:path';
import { PORTS } from '../../../lib/api/ports.ts';
import { DATA_FOLDER } from '../../../lib/telemetry/tempo/config.ts';
import { freePort } from '../free-port.ts';
import { configsOf, TEMPO, type TempoOptions, tempoApp } from './configs.ts';
import { type Running, runProgram, temporaryFolder } from './program.ts';
import { relocated } from './relocate.ts';

export interface TempoProcess extends Running {
  /** OTLP over gRPC. */
  readonly otlpPort: number;
  /** Query API. */
  readonly url: string;
  /** The trace as Grafana asks for it; undefined as long as it is not there. */
  trace(id: string): Promise<FoundTrace | undefined>;
}

export interface FoundTrace {
  readonly trace: { readonly resourceSpans: readonly FoundResource[] };
}

export interface FoundResource {
  readonly resource: { readonly attributes: readonly FoundAttribute[] };
  readonly scopeSpans: readonly {
    readonly scope: { readonly name: string };
    readonly spans: readonly FoundSpan[];
  }[];
}

export interface FoundSpan {
  readonly name: string;
  readonly kind: string;
  readonly attributes: readonly FoundAttribute[];
  readonly status: object;
}

export interface FoundAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Tempo as a single binary, on what the construct writes for these options. */
export const startTempo = async (
  options: TempoOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<TempoProcess> => {
  const ports = new Map<number, number>();
  for (const port of [PORTS.otlpGrpc, PORTS.tempoHttp, PORTS.tempoGrpc]) ports.set(port, await freePort());
  const folder = temporaryFolder('tempo');
  const texts = { [DATA_FOLDER]: join(folder.path, 'data') };
  const config = relocated(configsOf(tempoApp(options))[TEMPO], { ports, texts }) as { readonly server: object };
  const server = { ...config.server, http_listen_address: '127.0.0.1', grpc_listen_address: '127.0.0.1' };
  const url = `http://127.0.0.1:${ports.get(PORTS.tempoHttp)}`;
  const stop = () => folder.remove();
  try {
    const loopback = { ...config, server };
    const running = await runProgram('tempo', folder, loopback, '-config.file', { ready: `${url}/ready`, env });
    return {
      ...running,
      otlpPort: ports.get(PORTS.otlpGrpc) ?? 0,
      url,
      trace: traceOf(url),
      stop: async () => {
        await running.stop();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Asks for traces by their ids, as Grafana does. */
export const traceOf =
  (url: string) =>
  async (id: string): Promise<FoundTrace | undefined> => {
    const response = await fetch(`${url}/api/v2/traces/${id}`, { headers: { accept: 'application/json' } });
    const body = await response.text();
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`Tempo answers ${response.status}: ${body}`);
    const found = JSON.parse(body) as Partial<FoundTrace>;
    return found.trace?.resourceSpans === undefined ? undefined : (found as FoundTrace);
  };
