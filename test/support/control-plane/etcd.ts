import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { answers } from './probe.ts';
import { Program } from './program.ts';

const START_TIMEOUT = 30_000;

export interface Etcd {
  readonly url: string;
  readonly program: Program;
  /** Forgets all history. An API server that runs still has some in its caches. */
  compact(): Promise<void>;
}

/** A store of one member, whose data does not survive a crash of the machine. */
export const startEtcd = async (path: string, folder: string): Promise<Etcd> => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const peers = `http://127.0.0.1:${await freePort()}`;
  const flags = {
    name: 'test',
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `test=${peers}`,
    'unsafe-no-fsync': 'true',
  };
  const program = new Program({
    name: 'etcd',
    path,
    args: flagsOf(flags),
    log: join(folder, 'etcd.log'),
    ready: () => answers(`${url}/readyz`),
    timeout: START_TIMEOUT,
  });
  await program.start();
  return {
    url,
    program,
    compact: async () => {
      const { header } = await call<Header>(url, 'range', { key: 'AA==', limit: '1' });
      await call(url, 'compaction', { revision: header.revision, physical: true });
    },
  };
};

interface Header {
  readonly header: { readonly revision: string };
}

/** The JSON form of etcd's key-value API. */
const call = async <T>(url: string, method: string, body: object): Promise<T> => {
  const response = await fetch(`${url}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd ${method}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

/** `--name=value` each. */
export const flagsOf = (flags: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
