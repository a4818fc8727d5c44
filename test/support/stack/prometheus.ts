import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../free-port.ts';
import { type Running, runProgram, temporaryFolder } from './program.ts';

export interface PrometheusProcess extends Running {
  /** Base URL. */
  readonly url: string;
  /** What an instant query finds. */
  query(expression: string): Promise<readonly FoundSeries[]>;
  /** Scrapes these ports of 127.0.0.1 every second from now on, as pods of their jobs. */
  scrape(jobs: Readonly<Record<string, number>>): Promise<void>;
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

/** Prometheus as the stack's own is set up: it takes remote writes, and keeps exemplars. It scrapes nothing until it is told to. */
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
      '--web.enable-lifecycle',
    ];
    const running = await runProgram('prometheus', folder, config, '--config.file', { ready: `${url}/-/ready`, args });
    return {
      ...running,
      url,
      scrape: async (jobs) => {
        const scraping = Object.entries(jobs).map(([job, port]) => ({
          job_name: job,
          scrape_interval: '1s',
          scrape_timeout: '1s',
          static_configs: [{ targets: [`127.0.0.1:${port}`], labels: { namespace: 'test', pod: `${job}-0` } }],
        }));
        writeFileSync(join(folder.path, 'prometheus.yaml'), stringify({ ...config, scrape_configs: scraping }));
        const { ok } = await fetch(`${url}/-/reload`, { method: 'POST' });
        if (!ok) throw new Error('Prometheus does not take its new configuration');
      },
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
