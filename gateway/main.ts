import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { enableLinearRegExp } from '../lib/cel/regexp.ts';
import type { Host } from './cli/host.ts';
import { run } from './cli/run.ts';

/** Set when the gateway is bundled. */
declare const TOOLTRAIL_VERSION: string | undefined;

const sourceVersion = (): string => {
  const text = fs.readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};

/** Writes until the reader has gone away: a gateway serves on when nobody reads its log any more. */
const writerTo = (stream: NodeJS.WriteStream): ((text: string) => void) => {
  let open = true;
  stream.on('error', () => {
    open = false;
  });
  return (text) => {
    if (open) stream.write(text);
  };
};

enableLinearRegExp(setFlagsFromString);

const host: Host = {
  version: typeof TOOLTRAIL_VERSION === 'undefined' ? sourceVersion() : TOOLTRAIL_VERSION,
  env: process.env,
  fs,
  clock: {
    now: () => performance.timeOrigin + performance.now(),
    random: Math.random,
    setTimeout: (callback, milliseconds) => setTimeout(callback, milliseconds),
    clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  },
  randomBytes,
  randomUuid: randomUUID,
  stdout: writerTo(process.stdout),
  stderr: writerTo(process.stderr),
  onSignal: (listener) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => listener(signal));
  },
  onDefect: (listener) => {
    process.on('uncaughtException', listener);
    process.on('unhandledRejection', listener);
  },
  exit: (code) => process.exit(code),
  execPath: process.execPath,
  script: process.argv[1] ?? '',
};

/** Milliseconds that the last lines may take to be read. */
const LAST_LINES = 1_000;

const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve());
  });

const code = await run(process.argv.slice(2), host);
setTimeout(() => process.exit(code), LAST_LINES);
await Promise.all([written(process.stdout), written(process.stderr)]);
process.exit(code);
