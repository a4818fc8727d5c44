import fs from 'node:fs';
import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesClient } from '../../../../gateway/kubernetes/client.ts';
import { FileSource } from '../../../../gateway/source/file.ts';
import { KubernetesSource } from '../../../../gateway/source/kubernetes/source.ts';
import { KINDS } from '../../../../lib/api/kinds.ts';
import { ApiServer } from '../../../support/kubernetes/api-server.ts';
import { fastClock } from '../../../support/kubernetes/clock.ts';
import type { Stored } from '../../../support/kubernetes/store.ts';
import { describeSource, type SourceWorld } from '../../../support/source-suite.ts';

const secret = (name: string, data: unknown): Stored => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'ns' },
  data: { key: data },
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const files = async (): Promise<SourceWorld> => {
  const folder = await mkdtemp(join(tmpdir(), 'source-'));
  const config = join(folder, 'config');
  await mkdir(config);
  const write = async (name: string, value: unknown): Promise<void> => {
    await writeFile(join(folder, 'new'), JSON.stringify(secret(name, value)));
    await rename(join(folder, 'new'), join(config, `${name}.json`));
  };
  return {
    put: (name, value) => write(name, base64(value)),
    spoil: (name) => write(name, ['not text']),
    remove: (name) => unlink(join(config, `${name}.json`)),
    block: () => rename(config, join(folder, 'away')),
    unblock: () => rename(join(folder, 'away'), config),
    source: (listener) => new FileSource({ paths: [config], fs, env: {}, timers: globalThis }, listener),
    close: () => rm(folder, { recursive: true }),
  };
};

const cluster = async (): Promise<SourceWorld> => {
  const server = await new ApiServer().start();
  const clock = fastClock();
  const client = new KubernetesClient(server.config, clock);
  return {
    put: async (name, value) => void server.put(secret(name, base64(value))),
    spoil: async (name) => void server.put(secret(name, ['not text'])),
    remove: async (name) => server.remove(KINDS.Secret, 'ns', name),
    block: () => server.stop(),
    unblock: async () => void (await server.start()),
    source: (listener) => new KubernetesSource({ client, clock }, listener),
    close: async () => {
      await client.close();
      await server.stop();
    },
  };
};

describeSource('FileSource', files);
describeSource('KubernetesSource', cluster);
