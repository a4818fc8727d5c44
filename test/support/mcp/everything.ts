import { spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const SCRIPT = 'node_modules/@modelcontextprotocol/server-everything/dist/index.js';
const START_TIMEOUT = 10_000;

export interface EverythingServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The reference server of the Model Context Protocol, as a process of its own. */
export const startEverything = async (): Promise<EverythingServer> => {
  const port = await freePort();
  const child = spawn(process.execPath, [SCRIPT, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}/mcp`;
  for (const deadline = Date.now() + START_TIMEOUT; !(await answers(url)); await sleep(50)) {
    if (Date.now() > deadline || child.exitCode !== null) {
      child.kill('SIGKILL');
      throw new Error('server-everything did not start');
    }
  }
  return {
    url,
    close: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
};

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  );

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
