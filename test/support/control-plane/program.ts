import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { guard, letGo } from './guard.ts';

const LOOK = 50;
const LOG_TAIL = 4_000;

export interface ProgramOptions {
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
  /** Besides this process's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints is appended there. */
  readonly log: string;
  readonly ready: () => Promise<boolean>;
  /** Milliseconds until it has to be ready. */
  readonly timeout: number;
}

/** A program that runs until it is stopped, or until this process ends in whatever way. */
export class Program {
  readonly #options: ProgramOptions;
  #running: { readonly child: ChildProcess; readonly ended: Promise<unknown>; alive: boolean } | undefined;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  get alive(): boolean {
    return this.#running?.alive ?? false;
  }

  /** Resolves when it is ready; rejects with the end of its log when it ends before, or takes too long. */
  async start(): Promise<void> {
    if (this.alive) throw new Error(`${this.#options.name} runs already`);
    const { name, path, args, env, log, ready, timeout } = this.#options;
    const output = openSync(log, 'a');
    const child = spawn(path, args, { env: { ...process.env, ...env }, stdio: ['ignore', output, output] });
    closeSync(output);
    letGo(child);
    await once(child, 'spawn');
    const guarded = guard({ pid: child.pid! });
    const running = { child, alive: true, ended: once(child, 'exit') };
    child.once('exit', () => {
      running.alive = false;
      guarded.release();
    });
    this.#running = running;
    for (const deadline = Date.now() + timeout; !(await ready()); await sleep(LOOK)) {
      if (running.alive && Date.now() < deadline) continue;
      const reason = running.alive ? `is not ready after ${timeout} ms` : 'ended at its start';
      await this.stop();
      throw new Error(`${name} ${reason}; its log ends:\n${readFileSync(log, 'utf8').slice(-LOG_TAIL)}`);
    }
  }

  /** By default as a crash would end it: nothing is said to anyone. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const running = this.#running;
    if (running?.alive !== true) return;
    running.child.ref();
    running.child.kill(signal);
    await running.ended;
  }
}
