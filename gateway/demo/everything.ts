import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DemoError } from './error.ts';

const PACKAGE = '@modelcontextprotocol/server-everything';
const START_TIMEOUT = 15_000;
const STOP_TIMEOUT = 3_000;

/** A process that the demo started. */
export interface Service {
  readonly port: number;
  stop(): Promise<void>;
}

/** The protocol's reference server, as a process of its own on loopback. */
export const startEverything = async (
  execPath: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Service> => {
  const port = await freePort();
  const child = spawn(execPath, [scriptOf(PACKAGE), 'streamableHttp'], {
    env: { ...env, PORT: String(port) },
    stdio: 'ignore',
  });
  for (const deadline = Date.now() + START_TIMEOUT; !(await accepts(port)); await sleep(50)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stopProcess(child);
      throw new DemoError(`the reference MCP server (${PACKAGE}) did not start on port ${port}`);
    }
  }
  return { port, stop: () => stopProcess(child) };
};

/** Ends one process by its id: politely, then for good. */
export const stopProcess = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT);
  await exited;
  clearTimeout(timer);
};

/** A port of loopback that nobody listens on now. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new DemoError('no free port on 127.0.0.1');
  return address.port;
};

/** Whether nobody listens on that port of loopback. */
export const isFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
};

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const scriptOf = (name: string): string => {
  try {
    return fileURLToPath(new URL('dist/index.js', import.meta.resolve(`${name}/package.json`)));
  } catch (cause) {
    throw new DemoError(`the demo needs ${name}: npm install ${name}`, { cause });
  }
};
