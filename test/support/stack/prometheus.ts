import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { type Running, runProgram, temporaryFolder } from './program.ts';

export interface PrometheusProcess extends Running {
  /** Base URL. */
  readonly url: string;
  /** What an instant query finds. */
  query(expression: string): Promise<readonly FoundSeries[]>;
  /** Exemplars of the last minutes. */
  exemplars(expression: string): Promise<readonly FoundExemplars[]>;
}

export interface FoundSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export interface FoundExemplars {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>> }[];
}

const MINUTES = 10;

/** Prometheus as the stack's own is set up: it takes remote writes, and keeps exemplars. It scrapes nothing. */
export const startPrometheus = async (config: object = {}): Promise<PrometheusProcess> => {
  const folder = temporaryFolder('prometheus');
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const ask = async <T>(path: string, parameters: Readonly<Record<string, string>>): Promise<T> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { data, error } = (await response.json()) as { readonly data?: T; readonly error?: string };
    if (data === undefined) throw new Error(`Prometheus answers ${response.status}: ${error}`);
    return data;
  };
  try {
    const args = [
      `--storage.tsdb.path=${join(folder.path, 'data')}`,
      `--web.listen-address=${address}`,
      '--web.enable-remote-write-receiver',
      '--enable-feature=exemplar-storage',
    ];
    const running = await runProgram('prometheus', folder, config, '--config.file', { ready: `${url}/-/ready`, args });
    return {
      ...running,
      url,
      query: async (query) => (await ask<{ readonly result: readonly FoundSeries[] }>('query', { query })).result,
      exemplars: (query) => {
        const end = Date.now() / 1_000;
        return ask('query_exemplars', { query, start: String(end - MINUTES * 60), end: String(end) });
      },
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
