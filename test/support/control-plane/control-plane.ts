import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { locate } from '../../components/locate.ts';
import type { Subject } from '../acceptance/authority.ts';
import { freePort } from '../free-port.ts';
import {
  ADMIN,
  CONTROLLER_MANAGER,
  type Credentials,
  createCredentials,
  kubeconfigOf,
  kubeconfigWith,
} from './credentials.ts';
import { type Etcd, flagsOf, startEtcd } from './etcd.ts';
import { guard } from './guard.ts';
import { Kubectl, runnerOf } from './kubectl.ts';
import { answers } from './probe.ts';
import { Program } from './program.ts';

const START_TIMEOUT = 90_000;
/** A port that was free may be taken when the program comes to listen there. */
const ATTEMPTS = 3;
/** No address of it is ever dialled. */
const SERVICE_RANGE = '10.96.0.0/16';

export interface ControlPlaneOptions {
  /** Also run kube-controller-manager: service accounts, garbage collection, deployments, endpoint slices. Default false. */
  readonly controllerManager?: boolean;
}

/** A Kubernetes API on loopback, with data of its own: everything but nodes. */
export interface ControlPlane {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** PEM: what clients have to trust. */
  readonly ca: string;
  /** Temporary; logs are there. */
  readonly folder: string;
  /** Path; of one who may do everything. */
  readonly kubeconfig: string;
  /** As the same. */
  readonly kubectl: Kubectl;
  /** May be stopped and started again, with the same address and data. */
  readonly apiServer: Program;
  readonly etcd: Etcd;
  /** Restarts the API server without any history: who resumes from an earlier resourceVersion is told 410. */
  forget(): Promise<void>;
  /** Writes a kubeconfig for a user, and resolves with its path. */
  kubeconfigOf(subject: Subject): Promise<string>;
  /** Writes one for who may do everything, over another way to the server. */
  kubeconfigAt(url: string): Promise<string>;
  /** Writes one for the holder of a token, or of the one that a file holds. */
  kubeconfigWith(credential: { readonly token: string } | { readonly tokenFile: string }): string;
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
}

/** Starts one, ready to use. What was started ends also when this process is killed. Rejects with `Unavailable` where the parts are not to be had. */
export const startControlPlane = async (options: ControlPlaneOptions = {}): Promise<ControlPlane> => {
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'] as const;
  const wanted = names.filter((name) => name !== 'kube-controller-manager' || options.controllerManager === true);
  const paths = new Map<string, string>();
  for (const name of wanted) paths.set(name, await locate(name, process.env, (line) => console.error(line)));

  const folder = mkdtempSync(join(tmpdir(), 'tooltrail-control-plane-'));
  const guarded = guard({ folder });
  const programs: Program[] = [];
  const stop = async (): Promise<void> => {
    for (const program of programs.toReversed()) await program.stop();
    guarded.release();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const credentials = await createCredentials(folder);
    const etcd = await retried(() => startEtcd(paths.get('etcd')!, folder));
    programs.push(etcd.program);
    const { url, program: apiServer } = await retried(() =>
      startApiServer(paths.get('kube-apiserver')!, folder, etcd.url, credentials),
    );
    programs.push(apiServer);
    let files = 0;
    const write = (text: string): string => {
      const path = join(folder, `${++files}.kubeconfig`);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const writeFor = async (subject: Subject): Promise<string> =>
      write(await kubeconfigOf(url, credentials.authority, subject));
    const kubeconfig = await writeFor(ADMIN);
    if (options.controllerManager === true) {
      const path = paths.get('kube-controller-manager')!;
      const config = await writeFor(CONTROLLER_MANAGER);
      programs.push(await retried(() => startControllerManager(path, folder, config, credentials)));
    }
    return {
      url,
      ca: credentials.authority.certificate,
      folder,
      kubeconfig,
      kubectl: new Kubectl(runnerOf(paths.get('kubectl')!, ['--kubeconfig', kubeconfig])),
      apiServer,
      etcd,
      forget: async () => {
        await apiServer.stop();
        await etcd.compact();
        await apiServer.start();
      },
      kubeconfigOf: writeFor,
      kubeconfigAt: async (other) => write(await kubeconfigOf(other, credentials.authority, ADMIN)),
      kubeconfigWith: (credential) => write(kubeconfigWith(url, credentials.authority, credential)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

const retried = async <T>(start: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === ATTEMPTS || !/address already in use/.test((error as Error).message)) throw error;
    }
  }
};

const startApiServer = async (
  path: string,
  folder: string,
  etcd: string,
  { authority, ca, serverCert, serverKey, accountsKey, accountsPublicKey }: Credentials,
): Promise<{ readonly url: string; readonly program: Program }> => {
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const flags = {
    'etcd-servers': etcd,
    'bind-address': '127.0.0.1',
    // What the Service `kubernetes` leads to; a loopback address is refused there.
    'advertise-address': '192.0.2.1',
    'secure-port': String(port),
    'tls-cert-file': serverCert,
    'tls-private-key-file': serverKey,
    'cert-dir': folder,
    'client-ca-file': ca,
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': accountsPublicKey,
    'service-account-signing-key-file': accountsKey,
    'service-cluster-ip-range': SERVICE_RANGE,
    'authorization-mode': 'RBAC',
  };
  const program = new Program({
    name: 'kube-apiserver',
    path,
    args: flagsOf(flags),
    log: join(folder, 'kube-apiserver.log'),
    ready: () => answers(`${url}/readyz`, authority.certificate),
    timeout: START_TIMEOUT,
  });
  await program.start();
  return { url, program };
};

const startControllerManager = async (
  path: string,
  folder: string,
  kubeconfig: string,
  { ca, accountsKey, serverCert, serverKey, authority }: Credentials,
): Promise<Program> => {
  const port = await freePort();
  const flags = {
    kubeconfig,
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'tls-cert-file': serverCert,
    'tls-private-key-file': serverKey,
    'leader-elect': 'false',
    'service-account-private-key-file': accountsKey,
    'root-ca-file': ca,
    'use-service-account-credentials': 'true',
  };
  const program = new Program({
    name: 'kube-controller-manager',
    path,
    args: flagsOf(flags),
    log: join(folder, 'kube-controller-manager.log'),
    ready: () => answers(`https://127.0.0.1:${port}/healthz`, authority.certificate),
    timeout: START_TIMEOUT,
  });
  await program.start();
  return program;
};
