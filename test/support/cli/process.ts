import { type ChildProcess, spawn } from 'node:child_process';
import { freePort } from '../free-port.ts';

export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly ports: { readonly admin: number; readonly stats: number; readonly readiness: number };
  /** All it wrote so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** `host:port` of this machine and a path. */
  readonly get: (port: number, path: string) => Promise<{ readonly status: number; readonly body: string }>;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
  /** Ends it, whatever it does. */
  kill(): Promise<void>;
}

/** A command line in a process of its own, from the sources. */
export const spawnTooltrail = (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Pick<GatewayProcess, 'child' | 'out' | 'err' | 'exited' | 'kill'> => {
  let out = '';
  let err = '';
  const child = spawn(process.execPath, ['gateway/main.ts', ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += String(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += String(text);
  });
  // `close`: when all that it wrote has been read, too.
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  return { child, out: () => out, err: () => err, exited, kill };
};

/** `tooltrail gateway` on ports of its own. */
export const spawnGateway = async (
  paths: readonly string[],
  options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<GatewayProcess> => {
  const ports = { admin: await freePort(), stats: await freePort(), readiness: await freePort() };
  const addresses = Object.entries(ports).flatMap(([name, port]) => [`--${name}`, `127.0.0.1:${port}`]);
  const args = ['gateway', ...paths, ...addresses, '--bind', '127.0.0.1', ...(options.args ?? [])];
  return {
    ...spawnTooltrail(args, options.env),
    ports,
    get: async (port, path) => {
      try {
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        return { status: response.status, body: await response.text() };
      } catch {
        return { status: 0, body: '' };
      }
    },
  };
};
