import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { answers } from '../control-plane/probe.ts';
import { Program } from '../control-plane/program.ts';
import { freePort } from '../free-port.ts';
import { locateProgram, type Running } from './program.ts';

const START_TIMEOUT = 60_000;

interface Kubeconfig {
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** The Prometheus operator beside the cluster, with the rights of a ServiceAccount and no others. */
export const startOperator = async (
  plane: ControlPlane,
  account: string,
  args: readonly string[],
): Promise<Running> => {
  const { users } = parse(readFileSync(plane.kubeconfig, 'utf8')) as Kubeconfig;
  const file = (name: string, text: string): string => {
    const path = join(plane.folder, `operator-${name}.pem`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const decoded = (field: string): string => Buffer.from(users[0]?.user[field] ?? '', 'base64').toString('utf8');
  const port = await freePort();
  const log = join(plane.folder, 'operator.log');
  const program = new Program({
    name: 'prometheus-operator',
    path: await locateProgram('prometheus-operator'),
    args: [
      `--apiserver=${plane.url}`,
      `--ca-file=${file('ca', plane.ca)}`,
      `--cert-file=${file('cert', decoded('client-certificate-data'))}`,
      `--key-file=${file('key', decoded('client-key-data'))}`,
      `--as=${account}`,
      ...args,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    log,
    ready: () => answers(`http://127.0.0.1:${port}/healthz`),
    timeout: START_TIMEOUT,
  });
  await program.start();
  return { program, log: () => readFileSync(log, 'utf8'), stop: () => program.stop() };
};
