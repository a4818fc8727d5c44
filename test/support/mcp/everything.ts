import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_COMPILE_CACHE } from '../compile-cache.ts';
import { freePort } from '../free-port.ts';

const SCRIPT = 'node_modules/@modelcontextprotocol/server-everything/dist/index.js';
const START_TIMEOUT = 15_000;

export interface EverythingServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The reference server of the Model Context Protocol, as a process of its own. */
export const startEverything = async (): Promise<EverythingServer> => {
  const port = await freePort();
  const child = spawn(process.execPath, ['--import', './test/support/end-with-tests.ts', SCRIPT, 'streamableHttp'], {
    env: { ...process.env, NODE_COMPILE_CACHE, PORT: String(port) },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // It keeps no failed test run from ending.
  for (const handle of [child, child.stdin]) (handle as { unref(): void }).unref();
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
