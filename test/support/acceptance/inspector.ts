import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NODE_COMPILE_CACHE } from '../compile-cache.ts';

export interface InspectorRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SCRIPT = 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js';
const TIMEOUT = 15_000;

/** `mcp-inspector --cli URL …`, as the post's reader calls it; it keeps its files in a folder of its own. */
export const inspect = async (url: string, ...args: readonly string[]): Promise<InspectorRun> => {
  const home = await mkdtemp(join(tmpdir(), 'tooltrail-inspector-'));
  try {
    return await new Promise((resolve) => {
      execFile(
        process.execPath,
        [SCRIPT, '--cli', url, '--transport', 'http', ...args],
        {
          env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE, HOME: home },
          timeout: TIMEOUT,
          maxBuffer: 16 * 1_024 * 1_024,
        },
        (error, stdout, stderr) => resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
      );
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
};
